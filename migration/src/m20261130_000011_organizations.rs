//! What organizations say about themselves, their status, and invitations. Nodes of the previous version name the columns
//! that they read and write; the organizations that they make are active, as before. They do not know the status: until the last
//! of them has ended, an organizer who applies for a second organization can create events for it there before the approval.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

// An address has at most one open invitation to an organization.
const UP: &str = "ALTER TABLE organizations ADD COLUMN status {text} NOT NULL DEFAULT 'active'
    CHECK (status IN ('applied', 'active', 'refused'));
ALTER TABLE organizations ADD COLUMN legal_name {text};
ALTER TABLE organizations ADD COLUMN contact_email {text};
ALTER TABLE organizations ADD COLUMN website {text};
ALTER TABLE organizations ADD COLUMN reason {text};
CREATE INDEX organizations_applied ON organizations (id) WHERE status = 'applied';
CREATE TABLE invitations (
    id {uuid} PRIMARY KEY,
    organization_id {uuid} NOT NULL,
    email {text} NOT NULL CHECK (email <> ''),
    role {text} NOT NULL CHECK (role IN ('owner', 'manager', 'seller', 'viewer', 'controller')),
    invited_by {uuid} NOT NULL,
    accepted_by {uuid},
    created_at {big} NOT NULL,
    expires_at {big} NOT NULL CHECK (expires_at > created_at),
    ended_at {big}
) {end};
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email) WHERE ended_at IS NULL;
CREATE INDEX invitations_email ON invitations (email);
CREATE INDEX invitations_accepted ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;
CREATE INDEX invitations_age ON invitations (expires_at)";

const DOWN: &str = "DROP TABLE invitations;
DROP INDEX organizations_applied;
ALTER TABLE organizations DROP COLUMN reason;
ALTER TABLE organizations DROP COLUMN website;
ALTER TABLE organizations DROP COLUMN contact_email;
ALTER TABLE organizations DROP COLUMN legal_name;
ALTER TABLE organizations DROP COLUMN status";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
