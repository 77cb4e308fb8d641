//! The crate etcd-client as a user of the members that ETCD_SIMPLE and ETCD_JWT name, and of
//! ETCD_FORGETFUL, which forgets a token that nobody has used for a second.

use std::env;
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Error, PutOptions};
use tonic::Code;

const MEMBERS: [&str; 2] = ["ETCD_SIMPLE", "ETCD_JWT"];
const FORGOTTEN: Duration = Duration::from_millis(2500);
const DENIED: (Code, &str) = (Code::PermissionDenied, "etcdserver: permission denied");

async fn connect(member: &str, options: Option<ConnectOptions>) -> Result<Client, Error> {
    Client::connect([env::var(member).expect("the member is not named")], options).await
}

fn ann() -> ConnectOptions {
    ConnectOptions::new().with_user("ann", env::var("ETCD_ANN_PASSWORD").unwrap())
}

fn assert_fails<T: std::fmt::Debug>(result: Result<T, Error>, (code, text): (Code, &str)) {
    match result {
        Err(Error::GRpcStatus(status)) => {
            assert_eq!((status.code(), status.message()), (code, text));
        }
        other => panic!("wanted {code:?} {text:?}, got {other:?}"),
    }
}

#[tokio::test]
async fn a_user_may_what_his_role_allows() {
    for member in MEMBERS {
        let mut client = connect(member, Some(ann())).await.unwrap();
        client.put("a/rust", "1", None).await.unwrap();
        assert_eq!(client.get("a/rust", None).await.unwrap().kvs()[0].value(), b"1");
        assert_fails(client.put("b", "1", None).await.map(drop), DENIED);
        assert_fails(client.get("b", None).await.map(drop), DENIED);
        assert_fails(client.user_list().await.map(drop), DENIED);
        let lease = client.lease_grant(60, None).await.unwrap().id();
        client.put("a/leased", "1", Some(PutOptions::new().with_lease(lease))).await.unwrap();
        let (mut keeper, mut answers) = client.lease_keep_alive(lease).await.unwrap();
        keeper.keep_alive().await.unwrap();
        assert_eq!(answers.message().await.unwrap().unwrap().id(), lease);
        client.lease_revoke(lease).await.unwrap();
        assert_eq!(client.get("a/leased", None).await.unwrap().count(), 0);
    }
}

#[tokio::test]
async fn who_is_nobody_is_refused() {
    for member in MEMBERS {
        let mut client = connect(member, None).await.unwrap();
        let refused = (Code::InvalidArgument, "etcdserver: user name is empty");
        assert_fails(client.get("a/rust", None).await.map(drop), refused);
        let wrong = ConnectOptions::new().with_user("ann", "wrong");
        let refused = "etcdserver: authentication failed, invalid user ID or password";
        assert_fails(
            connect(member, Some(wrong)).await.map(drop),
            (Code::InvalidArgument, refused),
        );
    }
}

#[tokio::test]
async fn a_forgotten_token_is_renewed() {
    let options = ann().with_auto_token_refresh(true);
    let mut client = connect("ETCD_FORGETFUL", Some(options)).await.unwrap();
    client.put("a/renewed", "1", None).await.unwrap();
    tokio::time::sleep(FORGOTTEN).await;
    client.put("a/renewed", "2", None).await.unwrap();
    tokio::time::sleep(FORGOTTEN).await;
    assert_eq!(client.get("a/renewed", None).await.unwrap().kvs()[0].value(), b"2");
}
