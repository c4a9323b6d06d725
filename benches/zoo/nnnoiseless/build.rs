//! Where Cargo keeps the sources of nnnoiseless, as `NNNOISELESS`, and two modules of it: its network has no public interface.

use std::path::{Path, PathBuf};
use std::{env, fs, process::Command};

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("set by Cargo");
    let manifest = Path::new(&folder).join("Cargo.toml");
    let mut metadata = Command::new(env::var("CARGO").expect("set by Cargo"));
    metadata.args(["metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path"]).arg(manifest);
    // Packages for other platforms are not there on a machine that never needed them.
    metadata.arg("--filter-platform").arg(env::var("TARGET").expect("set by Cargo"));
    let output = metadata.output().expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    // "manifest_path":"…/nnnoiseless-0.5.2/Cargo.toml"
    let path = text
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split('"').next())
        .map(|path| PathBuf::from(path.replace("\\\\", "\\")))
        .find(|path| {
            path.parent()
                .and_then(Path::file_name)
                .is_some_and(|name| name.to_string_lossy().starts_with("nnnoiseless-"))
        })
        .expect("the package is a dependency");
    let source = path.parent().expect("a folder").join("src");
    let module = |name: &str| {
        let path = source.join(name).with_extension("rs");
        format!("#[allow(dead_code, unexpected_cfgs)]\n#[path = {:?}]\nmod {};\n", path, name)
    };
    let modules = ["util", "rnn"].map(module).concat();
    fs::write(Path::new(&env::var("OUT_DIR").expect("set by Cargo")).join("modules.rs"), modules)
        .expect("a writable folder");
    println!("cargo:rustc-env=NNNOISELESS={}", source.display());
    println!("cargo:rerun-if-changed=Cargo.lock");
}
