//! The first moments of two nodes, on one empty database.

use std::collections::BTreeMap;

use crate::{
    pair::{Pair, is_active, json},
    process::http::Call,
};

/// Both make tables and keys at the same moment, and there is one of each.
#[tokio::test]
async fn two_nodes_that_start_at_once_agree_on_one_set_of_keys() {
    let pair = Pair::start().await;
    let (mut first, mut second) = (pair.connect(0).await, pair.connect(1).await);
    let jwks = json(&first.send(&Call::get("/jwks")).await.unwrap());
    assert_eq!(json(&second.send(&Call::get("/jwks")).await.unwrap()), jwks);

    let keys = pair.nodes[1].run(&["keys", "list"], "").unwrap();
    let mut states: BTreeMap<_, usize> = BTreeMap::new();
    for key in keys.as_array().unwrap() {
        let name = |field: &str| key[field].as_str().unwrap().to_owned();
        *states.entry((name("alg"), name("state"))).or_default() += 1;
    }
    assert_eq!(states.len(), 8, "{keys}");
    assert!(states.values().all(|count| *count == 1), "one signs, one stands by: {keys}");

    let machine = pair.nodes[0].create_client("machine", &["--access-token-format", "jwt"]);
    let machine = machine.unwrap();
    let token = pair.own_token(&mut first, &machine).await;
    assert!(is_active(&mut second, &machine, &token).await);
    let token = pair.own_token(&mut second, &machine).await;
    assert!(is_active(&mut first, &machine, &token).await);
}
