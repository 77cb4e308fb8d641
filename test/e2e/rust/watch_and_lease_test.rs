//! The crate etcd-client: watches, leases, locks and elections, against the member that
//! ETCD_ENDPOINT names.

use std::env;
use std::time::Duration;

use etcd_client::{
    Client, Event, EventType, LeaseTimeToLiveOptions, LockOptions, ProclaimOptions, PutOptions,
    ResignOptions, WatchOptions, WatchStream,
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

async fn connect() -> Client {
    let endpoint = env::var("ETCD_ENDPOINT").expect("ETCD_ENDPOINT names no member");
    Client::connect([endpoint], None).await.unwrap()
}

async fn put(client: &mut Client, key: &str, value: &str) -> i64 {
    client.put(key, value, None).await.unwrap().header().unwrap().revision()
}

async fn grant(client: &mut Client) -> i64 {
    client.lease_grant(60, None).await.unwrap().id()
}

/// Of the next answers, until there are as many.
async fn events(stream: &mut WatchStream, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        let answer = timeout(PATIENCE, stream.message()).await.unwrap().unwrap().unwrap();
        assert!(!answer.canceled());
        events.extend(answer.events().iter().cloned());
    }
    events
}

#[tokio::test]
async fn watches() {
    let mut client = connect().await;
    let first = put(&mut client, "watch/a", "1").await;
    put(&mut client, "watch/a", "2").await;
    let options = WatchOptions::new().with_prefix().with_start_revision(first).with_prev_key();
    let mut stream = client.watch("watch/", Some(options)).await.unwrap();
    client.delete("watch/a", None).await.unwrap();
    let told = events(&mut stream, 3).await;
    assert_eq!(told[0].kv().unwrap().mod_revision(), first);
    assert_eq!(told[1].prev_kv().unwrap().value(), b"1");
    assert_eq!(told[2].event_type(), EventType::Delete);
    assert_eq!(told[2].prev_kv().unwrap().value(), b"2");
}

#[tokio::test]
async fn a_watch_of_a_compacted_revision_says_from_where_it_can_go_on() {
    let mut client = connect().await;
    put(&mut client, "compacted", "1").await;
    let last = put(&mut client, "compacted", "2").await;
    client.compact(last, None).await.unwrap();
    let options = WatchOptions::new().with_start_revision(last - 1);
    let mut stream = client.watch("compacted", Some(options)).await.unwrap();
    let canceled = loop {
        let answer = timeout(PATIENCE, stream.message()).await.unwrap().unwrap().unwrap();
        if answer.canceled() {
            break answer;
        }
    };
    assert_eq!(canceled.compact_revision(), last);
}

#[tokio::test]
async fn keys_go_with_their_lease() {
    let mut client = connect().await;
    let lease = grant(&mut client).await;
    client.put("leased", "v", Some(PutOptions::new().with_lease(lease))).await.unwrap();
    let with_keys = LeaseTimeToLiveOptions::new().with_keys();
    let told = client.lease_time_to_live(lease, Some(with_keys)).await.unwrap();
    assert_eq!((told.granted_ttl(), told.keys()), (60, &[b"leased".to_vec()][..]));
    let all = client.leases().await.unwrap();
    assert!(all.leases().iter().any(|one| one.id() == lease));
    let (mut keeper, mut answers) = client.lease_keep_alive(lease).await.unwrap();
    keeper.keep_alive().await.unwrap();
    let renewed = timeout(PATIENCE, answers.message()).await.unwrap().unwrap().unwrap();
    assert_eq!((renewed.id(), renewed.ttl()), (lease, 60));
    client.lease_revoke(lease).await.unwrap();
    assert_eq!(client.get("leased", None).await.unwrap().count(), 0);
    assert_eq!(client.lease_time_to_live(lease, None).await.unwrap().ttl(), -1);
}

#[tokio::test]
async fn a_lock_is_held_by_one() {
    let mut client = connect().await;
    let with = |lease| Some(LockOptions::new().with_lease(lease));
    let first = grant(&mut client).await;
    let held = client.lock("lock", with(first)).await.unwrap();
    assert_eq!(held.key(), format!("lock/{first:x}").as_bytes());
    let second = grant(&mut client).await;
    let mut other = client.clone();
    let mut waiting = tokio::spawn(async move { other.lock("lock", with(second)).await });
    assert!(timeout(Duration::from_millis(300), &mut waiting).await.is_err());
    client.unlock(held.key()).await.unwrap();
    let held = timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(held.key(), format!("lock/{second:x}").as_bytes());
}

#[tokio::test]
async fn an_election_is_won_by_one_after_the_other() {
    let mut client = connect().await;
    let first = grant(&mut client).await;
    let won = client.campaign("election", "one", first).await.unwrap();
    let leader = won.leader().unwrap().clone();
    let mut observed = client.observe("election").await.unwrap();
    let answer = timeout(PATIENCE, observed.message()).await.unwrap().unwrap().unwrap();
    assert_eq!(answer.kv().unwrap().value(), b"one");
    let second = grant(&mut client).await;
    let mut other = client.clone();
    let waiting = tokio::spawn(async move { other.campaign("election", "two", second).await });
    let options = ProclaimOptions::new().with_leader(leader.clone());
    client.proclaim("uno", Some(options)).await.unwrap();
    assert_eq!(client.leader("election").await.unwrap().kv().unwrap().value(), b"uno");
    client.resign(Some(ResignOptions::new().with_leader(leader))).await.unwrap();
    timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(client.leader("election").await.unwrap().kv().unwrap().value(), b"two");
}
