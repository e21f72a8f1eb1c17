//! The mails that development keeps.

use holdfast::app::development::mail::{KeptMail, KeptMailList};

use crate::support::harness::{LOOK_EVERY, LOOKS, TestApp};

/// The mails to this address, oldest first, once there are as many.
pub async fn mails(app: &TestApp, to: &str, many: usize) -> Vec<KeptMail> {
    for _ in 0..LOOKS {
        app.app.post.send_pass().await.expect("the pass runs");
        let path = format!("{}?to={to}", app.url("").replace("/api/v1", "/api/development/mails"));
        let found = app.client().get(path).send().await.expect("an answer");
        let mut found: KeptMailList = found.json().await.expect("a list");
        if found.items.len() >= many {
            assert_eq!(found.items.len(), many, "{:#?}", found.items);
            found.items.reverse();
            return found.items;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("{many} mails to {to} do not come");
}

/// The token of the link to this page.
pub fn token_of<'m>(mail: &'m KeptMail, page: &str) -> &'m str {
    let before = format!("{page}#");
    let link = mail.links.iter().find_map(|link| link.split_once(&before));
    link.expect("a link with a token").1
}

/// The code of an English mail.
pub fn code_of(mail: &KeptMail) -> &str {
    let line = mail.text.lines().find_map(|line| line.strip_prefix("Code: "));
    line.expect("a line with the code")
}
