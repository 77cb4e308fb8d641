//! The crate etcd-client against the member that ETCD_ENDPOINT names; who connects to ETCD_RESTART
//! restarts it. One test at a time: some compact, one restarts.

use std::collections::HashSet;
use std::env;
use std::time::{Duration, Instant};

use etcd_client::{
    Client, CompactionOptions, Compare, CompareOp, DeleteOptions, Error, GetOptions, GetResponse,
    PutOptions, SortOrder, SortTarget, Txn, TxnOp, TxnOpResponse,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::Code;

async fn connect() -> Client {
    let endpoint = env::var("ETCD_ENDPOINT").expect("ETCD_ENDPOINT names no member");
    Client::connect([endpoint], None).await.unwrap()
}

fn keys(response: &GetResponse) -> Vec<&str> {
    response.kvs().iter().map(|pair| pair.key_str().unwrap()).collect()
}

fn assert_fails<T: std::fmt::Debug>(result: Result<T, Error>, code: Code, text: &str) {
    match result {
        Err(Error::GRpcStatus(status)) => {
            assert_eq!((status.code(), status.message()), (code, text));
        }
        other => panic!("wanted {code:?} {text:?}, got {other:?}"),
    }
}

#[tokio::test]
async fn put_get_and_delete() {
    let mut client = connect().await;
    let first = client.put("basic/a", "1", None).await.unwrap();
    let with_previous = PutOptions::new().with_prev_key();
    let second = client.put("basic/a", "2", Some(with_previous)).await.unwrap();
    assert_eq!(second.prev_key().unwrap().value(), b"1");

    let got = client.get("basic/a", None).await.unwrap();
    let pair = &got.kvs()[0];
    assert_eq!(pair.value(), b"2");
    assert_eq!(pair.create_revision(), first.header().unwrap().revision());
    assert_eq!(pair.mod_revision(), second.header().unwrap().revision());
    assert_eq!(pair.version(), 2);

    let options = DeleteOptions::new().with_prefix().with_prev_key();
    let deleted = client.delete("basic/", Some(options)).await.unwrap();
    assert_eq!(deleted.deleted(), 1);
    assert_eq!(deleted.prev_kvs()[0].value(), b"2");
    assert_eq!(client.get("basic/a", None).await.unwrap().count(), 0);
}

#[tokio::test]
async fn range_options() {
    let mut client = connect().await;
    let before = client.put("range/a", "3", None).await.unwrap().header().unwrap().revision();
    client.put("range/b", "2", None).await.unwrap();
    client.put("range/c", "1", None).await.unwrap();
    let prefix = || GetOptions::new().with_prefix();

    let by_value = prefix().with_limit(2).with_sort(SortTarget::Value, SortOrder::Ascend);
    let sorted = client.get("range/", Some(by_value)).await.unwrap();
    assert_eq!(keys(&sorted), ["range/c", "range/b"]);
    assert_eq!((sorted.count(), sorted.more()), (3, true));

    let old = client.get("range/", Some(prefix().with_revision(before))).await.unwrap();
    assert_eq!(keys(&old), ["range/a"]);

    let until_c = GetOptions::new().with_range("range/c").with_keys_only();
    let half = client.get("range/b", Some(until_c)).await.unwrap();
    assert_eq!(keys(&half), ["range/b"]);
    assert!(half.kvs()[0].value().is_empty());

    let newer = prefix().with_min_mod_revision(before + 1).with_serializable();
    assert_eq!(keys(&client.get("range/", Some(newer)).await.unwrap()), ["range/b", "range/c"]);

    let counted = client.get("range/", Some(prefix().with_count_only())).await.unwrap();
    assert_eq!((counted.count(), counted.kvs().len()), (3, 0));
}

#[tokio::test]
async fn transactions() {
    let mut client = connect().await;
    let create = || {
        let within = Txn::new().and_then([TxnOp::get("txn", None)]);
        Txn::new()
            .when([Compare::create_revision("txn", CompareOp::Equal, 0)])
            .and_then([TxnOp::put("txn", "v", None), TxnOp::txn(within)])
            .or_else([TxnOp::get("txn", None)])
    };
    let created = client.txn(create()).await.unwrap();
    assert!(created.succeeded());
    match &created.op_responses()[1] {
        TxnOpResponse::Txn(inner) => match &inner.op_responses()[0] {
            TxnOpResponse::Get(got) => assert_eq!(got.kvs()[0].value(), b"v"),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    let again = client.txn(create()).await.unwrap();
    assert!(!again.succeeded());
    assert!(matches!(&again.op_responses()[0], TxnOpResponse::Get(got) if got.count() == 1));
}

#[tokio::test]
async fn errors() {
    let mut client = connect().await;
    let empty = client.put("", "v", None).await;
    assert_fails(empty, Code::InvalidArgument, "etcdserver: key is not provided");
    let future = client.get("k", Some(GetOptions::new().with_revision(1 << 40))).await;
    let text = "etcdserver: mvcc: required revision is a future revision";
    assert_fails(future, Code::OutOfRange, text);
    let leased = client.put("k", "v", Some(PutOptions::new().with_lease(77))).await;
    assert_fails(leased, Code::NotFound, "etcdserver: requested lease not found");
    let revision = client.put("k", "v", None).await.unwrap().header().unwrap().revision();
    let physical = CompactionOptions::new().with_physical();
    client.compact(revision, Some(physical)).await.unwrap();
    let compacted = client.get("k", Some(GetOptions::new().with_revision(revision - 1))).await;
    let text = "etcdserver: mvcc: required revision has been compacted";
    assert_fails(compacted, Code::OutOfRange, text);
    let huge = client.put("k", vec![b'x'; 1600 << 10], None).await;
    assert_fails(huge, Code::InvalidArgument, "etcdserver: request is too large");
}

#[tokio::test]
async fn large_values() {
    let mut client = connect().await;
    let value = b"0123456789abcdef".repeat(1 << 16);
    for i in 0..3 {
        client.put(format!("large/{i}"), value.clone(), None).await.unwrap();
    }
    // Together they are just below the crate's limit of 4 MiB for one answer.
    let all = client.get("large/", Some(GetOptions::new().with_prefix())).await.unwrap();
    assert_eq!(all.count(), 3);
    assert!(all.kvs().iter().all(|pair| pair.value() == value));
}

#[tokio::test]
async fn a_get_stream_has_every_key() {
    let mut client = connect().await;
    for i in 0..500 {
        client.put(format!("stream/{i:04}"), "v", None).await.unwrap();
    }
    let prefix = GetOptions::new().with_prefix();
    let mut stream = client.kv_client().get_stream("stream/", Some(prefix)).await.unwrap();
    let mut count = 0;
    while let Some(part) = stream.message().await.unwrap() {
        count += part.kvs().len();
    }
    assert_eq!(count, 500);
}

#[tokio::test]
async fn parallel_calls() {
    let client = connect().await;
    let calls: Vec<_> = (0..500)
        .map(|i| {
            let mut client = client.clone();
            tokio::spawn(async move {
                let key = format!("parallel/{i}");
                let put = client.put(key.clone(), format!("v{i}"), None).await.unwrap();
                let got = client.get(key, None).await.unwrap();
                assert_eq!(got.kvs()[0].value_str().unwrap(), format!("v{i}"));
                put.header().unwrap().revision()
            })
        })
        .collect();
    let mut revisions = HashSet::new();
    for call in calls {
        revisions.insert(call.await.unwrap());
    }
    assert_eq!(revisions.len(), 500);
}

#[tokio::test]
async fn maintenance() {
    let mut client = connect().await;
    let status = client.status().await.unwrap();
    assert_eq!(status.version(), "3.7.1");
    assert_eq!(status.leader(), status.header().unwrap().member_id());
    let members = client.member_list().await.unwrap();
    assert_eq!(members.members().iter().map(|member| member.name()).collect::<Vec<_>>(), ["m"]);
    assert_ne!(client.hash_kv(0).await.unwrap().hash(), 0);
    client.defragment().await.unwrap();

    let mut snapshot = client.snapshot().await.unwrap();
    let mut file = Vec::new();
    while let Some(part) = snapshot.message().await.unwrap() {
        file.extend_from_slice(part.blob());
    }
    // A database with bbolt's magic number, and its SHA-256.
    assert_eq!(file.len() % 512, 32);
    assert_eq!(file[16..20], [0xed, 0xda, 0x0c, 0xed]);
}

#[tokio::test]
async fn a_restarted_member_is_found_again() {
    let mut client = connect().await;
    client.put("restart", "before", None).await.unwrap();
    let mut restart = TcpStream::connect(env::var("ETCD_RESTART").unwrap()).await.unwrap();
    let mut answer = String::new();
    restart.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "restarted");
    // The crate leaves it to its user to try again.
    let end = Instant::now() + Duration::from_secs(20);
    let value = loop {
        match client.get("restart", None).await {
            Ok(got) => break got.kvs()[0].value().to_vec(),
            Err(error) if Instant::now() > end => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!(value, b"before");
    client.put("restart", "after", None).await.unwrap();
    assert_eq!(client.get("restart", None).await.unwrap().kvs()[0].value(), b"after");
}
