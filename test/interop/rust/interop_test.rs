//! tonic as the client of rpc_test_server: ../cases.txt. One case at a time: some of them ask the
//! server what it has done.

use std::env;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status};

use interop::interop_client::InteropClient;
use interop::{Reply, Request};

mod interop {
    tonic::include_proto!("cornerstore.interop");
}
mod health {
    tonic::include_proto!("grpc.health.v1");
}
mod reflection {
    tonic::include_proto!("grpc.reflection.v1");
}

type Interop = InteropClient<Channel>;

/// The value of a variable that the test run must set.
fn given(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// The server whose address is in the variable `name`.
fn endpoint(scheme: &str, name: &str) -> Endpoint {
    Endpoint::try_from(format!("{scheme}://{}", given(name))).unwrap()
}

fn client_of(channel: Channel) -> Interop {
    InteropClient::new(channel)
        .max_decoding_message_size(64 << 20)
        .max_encoding_message_size(128 << 20)
}

async fn connect_to(name: &str) -> Interop {
    client_of(endpoint("http", name).connect().await.unwrap())
}

async fn connect() -> Interop {
    connect_to("INTEROP_ADDRESS").await
}

fn payload(bytes: impl Into<Vec<u8>>) -> Request {
    Request { payload: bytes.into(), ..Default::default() }
}

fn failing(code: Code, message: &str) -> Request {
    Request { code: code as i32, message: message.into(), ..Default::default() }
}

async fn progress(client: &mut Interop) -> Reply {
    client.progress(Request::default()).await.unwrap().into_inner()
}

async fn wait_until_none_hangs(client: &mut Interop) {
    let end = Instant::now() + Duration::from_secs(10);
    while progress(client).await.bytes != 0 {
        assert!(Instant::now() < end, "the server has not heard of it");
        sleep(Duration::from_millis(1)).await;
    }
}

fn assert_fails<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, message: &str) {
    let status = result.expect_err("it must fail");
    assert_eq!((status.code(), status.message()), (code, message));
}

#[tokio::test]
async fn unary() {
    let reply = connect().await.unary(payload("hello")).await.unwrap();
    assert_eq!(reply.into_inner().payload, b"hello");
}

#[tokio::test]
async fn twenty_megabytes() {
    let bytes = b"0123456789abcdef".repeat(20 << 16);
    let reply = connect().await.unary(payload(bytes.clone())).await.unwrap();
    assert!(reply.into_inner().payload == bytes);
}

#[tokio::test]
async fn odd_error_texts() {
    let odd = "50% déjà vu\nnext line 日本語";
    let result = connect().await.unary(failing(Code::FailedPrecondition, odd)).await;
    assert_fails(result, Code::FailedPrecondition, odd);
}

#[tokio::test]
async fn unknown_methods() {
    let channel = endpoint("http", "INTEROP_ADDRESS").connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    for (path, text) in [
        (
            "/cornerstore.interop.Interop/Nothing",
            "unknown method Nothing for service cornerstore.interop.Interop",
        ),
        ("/a.B/C", "unknown service a.B"),
    ] {
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<Request, Reply>::default();
        let request = tonic::Request::new(Request::default());
        let path = tonic::codegen::http::uri::PathAndQuery::from_static(path);
        assert_fails(client.unary(request, path, codec).await, Code::Unimplemented, text);
    }
}

#[tokio::test]
async fn binary_metadata() {
    let all: Vec<u8> = (0..=255).collect();
    let mut client = connect().await;
    for code in [Code::Ok, Code::Aborted] {
        let mut request = tonic::Request::new(failing(code, ""));
        let binary = MetadataValue::from_bytes(&all);
        request.metadata_mut().insert_bin("echo-bytes-bin", binary);
        request.metadata_mut().insert("echo-text", "plain".parse().unwrap());
        let metadata = match client.unary(request).await {
            Ok(reply) => reply.metadata().clone(),
            Err(status) => {
                assert_eq!(status.code(), code);
                status.metadata().clone()
            }
        };
        assert_eq!(metadata.get_bin("echo-bytes-bin").unwrap().to_bytes().unwrap(), all);
        assert_eq!(metadata.get("echo-text").unwrap(), "plain");
    }
}

#[tokio::test]
async fn gzip() {
    let mut client = connect()
        .await
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip);
    let reply = client.unary(payload(vec![b'z'; 500_000])).await.unwrap();
    assert_eq!(reply.metadata().get("grpc-encoding").unwrap(), "gzip");
    assert_eq!(reply.into_inner().payload, vec![b'z'; 500_000]);
}

#[tokio::test]
async fn too_large() {
    let result = connect().await.unary(payload(vec![0; 64 << 20])).await;
    let text = "grpc: received message larger than max (67108869 vs. 67108864)";
    assert_fails(result, Code::ResourceExhausted, text);
}

#[tokio::test]
async fn server_stream_counts() {
    let request = Request { count: 20_000, size: 10, ..Default::default() };
    let mut stream = connect().await.server_stream(request).await.unwrap().into_inner();
    for number in 1..=20_000 {
        let reply = stream.message().await.unwrap().unwrap();
        assert_eq!((reply.messages, reply.payload.len()), (number, 10));
    }
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn server_stream_waits() {
    let mut client = connect().await;
    let before = progress(&mut client).await.messages;
    let request = Request { count: 2000, size: 10_000, ..Default::default() };
    let mut stream = client.server_stream(request).await.unwrap().into_inner();
    for number in 1..=2000 {
        let reply = stream.message().await.unwrap().unwrap();
        assert_eq!((reply.messages, reply.payload.len()), (number, 10_000));
        if number == 10 {
            sleep(Duration::from_millis(300)).await;
            let produced = progress(&mut client).await.messages - before;
            println!("while the reader paused, the server produced {produced}");
            assert!(produced <= 1000, "the server produced {produced}");
        }
    }
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn server_stream_ends_with_an_error() {
    let request = Request { count: 3, ..failing(Code::ResourceExhausted, "enough") };
    let mut stream = connect().await.server_stream(request).await.unwrap().into_inner();
    for _ in 0..3 {
        assert!(stream.message().await.unwrap().is_some());
    }
    assert_fails(stream.message().await, Code::ResourceExhausted, "enough");
}

#[tokio::test]
async fn client_stream_counts() {
    let requests = tokio_stream::iter((0..20_000).map(|_| payload("abc")));
    let reply = connect().await.client_stream(requests).await.unwrap().into_inner();
    assert_eq!((reply.messages, reply.bytes), (20_000, 60_000));
}

/// A bidi stream, and where its requests are written, after a first one: tonic opens a stream when
/// the server has begun to answer.
async fn open_bidi(
    client: &mut Interop,
    first: &str,
) -> (UnboundedSender<Request>, tonic::Streaming<Reply>) {
    let (requests, receiver) = tokio::sync::mpsc::unbounded_channel();
    requests.send(payload(first)).unwrap();
    let outgoing = tokio_stream::wrappers::UnboundedReceiverStream::new(receiver);
    (requests, client.bidi_stream(outgoing).await.unwrap().into_inner())
}

async fn expect(replies: &mut tonic::Streaming<Reply>, text: &str) {
    assert_eq!(replies.message().await.unwrap().unwrap().payload, text.as_bytes());
}

#[tokio::test]
async fn bidi_stream_echoes() {
    let (requests, mut replies) = open_bidi(&mut connect().await, "0").await;
    for from in (0..20_000).step_by(100) {
        for number in from.max(1)..from + 100 {
            requests.send(payload(number.to_string())).unwrap();
        }
        for number in from..from + 100 {
            expect(&mut replies, &number.to_string()).await;
        }
    }
    drop(requests);
    assert_eq!(replies.message().await.unwrap(), None);
}

#[tokio::test]
async fn early_errors() {
    let mut client = connect().await;
    for _ in 0..200 {
        let denied = failing(Code::PermissionDenied, "not you");
        let endless = tokio_stream::once(denied).chain(tokio_stream::pending());
        let result = match client.bidi_stream(endless).await {
            Ok(stream) => stream.into_inner().message().await,
            Err(status) => Err(status),
        };
        assert_fails(result, Code::PermissionDenied, "not you");
    }
}

fn hanging() -> tonic::Request<Request> {
    tonic::Request::new(Request { count: 1, hang: true, ..Default::default() })
}

#[tokio::test]
async fn deadline() {
    let mut client = connect().await;
    let mut request = hanging();
    request.set_timeout(Duration::from_millis(100));
    // The server's text or tonic's own, whichever comes first.
    let status = client.unary(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    wait_until_none_hangs(&mut client).await;
}

#[tokio::test]
async fn cancellation() {
    let mut client = connect().await;
    let mut stream = client.server_stream(hanging()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(progress(&mut client).await.bytes, 1);
    drop(stream);
    wait_until_none_hangs(&mut client).await;
}

#[tokio::test]
async fn parallel_calls() {
    let client = connect().await;
    let calls: Vec<_> = (0..500)
        .map(|i: i32| {
            let mut client = client.clone();
            tokio::spawn(async move {
                let reply = client.unary(payload(i.to_string())).await.unwrap();
                assert_eq!(reply.into_inner().payload, i.to_string().as_bytes());
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn pings_of_the_server() {
    let mut client = connect_to("INTEROP_PING_ADDRESS").await;
    let (requests, mut replies) = open_bidi(&mut client, "before").await;
    expect(&mut replies, "before").await;
    sleep(Duration::from_secs(2)).await;
    requests.send(payload("after")).unwrap();
    expect(&mut replies, "after").await;
}

#[tokio::test]
async fn too_many_pings() {
    let interval = Duration::from_millis(20);
    let eager = endpoint("http", "INTEROP_ADDRESS").http2_keep_alive_interval(interval);
    let mut client = client_of(eager.connect().await.unwrap());
    // tonic tells what happened to the connection, not why.
    let sent_away = timeout(Duration::from_secs(10), client.unary(hanging())).await.unwrap();
    sent_away.expect_err("it must fail");
    wait_until_none_hangs(&mut connect().await).await;
}

#[tokio::test]
async fn graceful_shutdown() {
    let mut client = connect_to("INTEROP_DRAIN_ADDRESS").await;
    let (requests, mut replies) = open_bidi(&mut client, "before").await;
    expect(&mut replies, "before").await;
    client.drain(Request::default()).await.unwrap();
    let refused = client.unary(payload("")).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unavailable | Code::Cancelled), "{refused:?}");
    requests.send(payload("after")).unwrap();
    expect(&mut replies, "after").await;
    drop(requests);
    assert_eq!(replies.message().await.unwrap(), None);
}

#[tokio::test]
async fn health() {
    use health::health_check_response::ServingStatus;
    use health::HealthCheckRequest;
    let channel = endpoint("http", "INTEROP_ADDRESS").connect().await.unwrap();
    let mut client = health::health_client::HealthClient::new(channel);
    let nobody = || HealthCheckRequest { service: "nobody".into() };
    let reply = client.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(reply.status(), ServingStatus::Serving);
    assert_fails(client.check(nobody()).await, Code::NotFound, "unknown service");
    let mut watch = client.watch(nobody()).await.unwrap().into_inner();
    let state = watch.message().await.unwrap().unwrap();
    assert_eq!(state.status(), ServingStatus::ServiceUnknown);
}

#[tokio::test]
async fn reflection() {
    use reflection::server_reflection_request::MessageRequest;
    use reflection::server_reflection_response::MessageResponse;
    use reflection::ServerReflectionRequest;
    let channel = endpoint("http", "INTEROP_ADDRESS").connect().await.unwrap();
    let mut client = reflection::server_reflection_client::ServerReflectionClient::new(channel);
    let ask =
        |message| ServerReflectionRequest { message_request: Some(message), ..Default::default() };
    let requests = tokio_stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("grpc.health.v1.Health".into())),
    ]);
    let mut replies = client.server_reflection_info(requests).await.unwrap().into_inner();
    match replies.message().await.unwrap().unwrap().message_response.unwrap() {
        MessageResponse::ListServicesResponse(list) => {
            let names: Vec<_> = list.service.iter().map(|service| &service.name[..]).collect();
            assert!(names.contains(&"cornerstore.interop.Interop"), "{names:?}");
            assert!(names.contains(&"grpc.health.v1.Health"), "{names:?}");
        }
        other => panic!("{other:?}"),
    }
    match replies.message().await.unwrap().unwrap().message_response.unwrap() {
        MessageResponse::FileDescriptorResponse(files) => {
            assert!(!files.file_descriptor_proto.is_empty());
        }
        other => panic!("{other:?}"),
    }
}

fn certificate(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/{name}", given("INTEROP_CERTIFICATES"))).unwrap()
}

fn trust() -> ClientTlsConfig {
    ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(certificate("ca.pem")))
}

#[tokio::test]
async fn client_certificates() {
    let identity = Identity::from_pem(certificate("client.pem"), certificate("client.key"));
    let secured =
        endpoint("https", "INTEROP_MUTUAL_TLS_ADDRESS").tls_config(trust().identity(identity));
    let mut client = client_of(secured.unwrap().connect().await.unwrap());
    let request = Request { size: 1 << 20, ..Default::default() };
    assert_eq!(client.unary(request).await.unwrap().into_inner().payload.len(), 1 << 20);
}

#[tokio::test]
async fn no_client_certificate() {
    let secured = endpoint("https", "INTEROP_MUTUAL_TLS_ADDRESS").tls_config(trust()).unwrap();
    // TLS 1.3: the server's refusal comes after the client's side of the handshake.
    if let Ok(channel) = secured.connect().await {
        client_of(channel).unary(payload("")).await.expect_err("it must be refused");
    }
}
