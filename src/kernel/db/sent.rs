//! The statements that were sent, so that tests can ask the store for their plans. Only in test builds.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::DatabaseConnection;

/// The texts of statements; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SentTexts(Arc<Mutex<BTreeSet<String>>>);

impl SentTexts {
    /// Remembers every statement that these connections send from now on.
    pub(super) fn of(
        mut writer: DatabaseConnection,
        mut reader: DatabaseConnection,
    ) -> (Self, DatabaseConnection, DatabaseConnection) {
        let sent = Self::default();
        for connection in [&mut writer, &mut reader] {
            let texts = sent.clone();
            connection.set_metric_callback(move |sent| {
                if !sent.failed {
                    texts.add(&sent.statement.sql);
                }
            });
        }
        (sent, writer, reader)
    }

    fn add(&self, text: &str) {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !texts.contains(text) {
            texts.insert(text.to_owned());
        }
    }

    /// Every statement so far, each once.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
