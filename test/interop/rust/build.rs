//! The stubs of ../interop.proto, and of our own health and reflection services.

fn main() -> std::io::Result<()> {
    let files = ["interop.proto", "proto/health.proto", "proto/reflection.proto"];
    tonic_prost_build::configure()
        .build_server(false)
        .compile_protos(&files, &["..", "../../../src"])
}
