//! The floors, bottom to top: who may use whom, and which crates have no business where.

use crate::{
    rust::{Named, RustFile},
    tree::{self, assert_none},
};

/// One floor, or one part of the top floor.
struct Floor {
    /// A file or a folder of `src`.
    name: &'static str,
    /// The other floors that it may use.
    may_use: &'static [&'static str],
    /// Crates that it must not name.
    without: &'static [&'static str],
}

/// Crates that wait, listen, ask or store: a pure rule needs none of them.
const IMPURE: &[&str] = &[
    "askama",
    "axum",
    "axum_server",
    "clap",
    "getrandom",
    "hyper_util",
    "lettre",
    "metrics",
    "reqwest",
    "rusqlite",
    "sqlx",
    "tokio",
    "tower",
    "tower_http",
    "tracing",
];

/// Crates of pages and listeners.
const WEB: &[&str] = &["askama", "axum", "axum_server", "hyper_util", "tower", "tower_http"];

const EVERY_FLOOR: &[&str] = &[
    "cli",
    "config",
    "http",
    "identity",
    "protocol",
    "resource_server",
    "server",
    "service",
    "store",
    "telemetry",
    "types",
];

/// The house. A new module of `src` gets its row here.
const FLOORS: &[Floor] = &[
    Floor { name: "types", may_use: &[], without: IMPURE },
    Floor { name: "protocol", may_use: &["types"], without: IMPURE },
    Floor { name: "identity", may_use: &["types"], without: IMPURE },
    Floor {
        name: "store",
        may_use: &["types", "protocol", "identity"],
        without: &["askama", "axum", "clap", "hyper_util", "reqwest", "tower", "tower_http"],
    },
    Floor {
        name: "service",
        may_use: &["types", "protocol", "identity", "store"],
        without: &[
            "askama",
            "axum",
            "axum_server",
            "clap",
            "hyper_util",
            "rusqlite",
            "sqlx",
            "tower",
            "tower_http",
        ],
    },
    Floor {
        name: "http",
        may_use: &["types", "protocol", "identity", "service"],
        without: &["clap", "rusqlite", "sqlx"],
    },
    Floor {
        name: "resource_server",
        may_use: &["types", "protocol"],
        without: &["askama", "clap", "rusqlite", "sqlx"],
    },
    Floor { name: "config", may_use: &["types", "protocol", "identity"], without: WEB },
    Floor {
        name: "telemetry",
        may_use: &["types", "config"],
        without: &["askama", "rusqlite", "sqlx"],
    },
    Floor { name: "server", may_use: EVERY_FLOOR, without: &["askama", "rusqlite", "sqlx"] },
    Floor { name: "cli", may_use: EVERY_FLOOR, without: &["askama", "axum", "rusqlite", "sqlx"] },
    Floor { name: "main", may_use: EVERY_FLOOR, without: &["askama", "axum", "rusqlite", "sqlx"] },
    Floor { name: "lib", may_use: EVERY_FLOOR, without: &[] },
    Floor { name: "spec", may_use: &[], without: IMPURE },
    Floor { name: "manual", may_use: &[], without: IMPURE },
];

#[test]
fn every_module_has_its_floor() {
    let files = RustFile::of_the_house();
    let strays: Vec<String> = files
        .iter()
        .filter(|file| floor_of(file).is_none())
        .map(|file| file.path.clone())
        .collect();
    assert_none(
        "These files stand on no floor.",
        "Move them to the floor they belong on, or give a new module its row in tests/house/floors.rs.",
        &strays,
    );
}

#[test]
fn a_floor_uses_only_the_floors_below_it() {
    let broken = broken_by(|file, floor, named| {
        let names = file.absolute(&named.names);
        let [krate, other, ..] = names.as_slice() else { return None };
        let is_house = krate == "crate" && EVERY_FLOOR.contains(&other.as_str());
        let may = other == floor.name || floor.may_use.contains(&other.as_str());
        (is_house && !may).then(|| format!("{} uses {other}", floor.name))
    });
    assert_none(
        "A floor uses one that is not below it.",
        "Pass what is needed as an argument, or move the rule down; DESIGN's table of floors is the law.",
        &broken,
    );
}

#[test]
fn a_floor_names_no_crate_that_has_no_business_there() {
    let broken = broken_by(|_, floor, named| {
        let krate = named.names.first().filter(|name| floor.without.contains(&name.as_str()))?;
        let is_path = named.names.len() > 1;
        is_path.then(|| format!("{} names {krate}", floor.name))
    });
    assert_none(
        "A floor names a crate that it must do without.",
        "Do the work on the floor that has the crate, and pass plain values.",
        &broken,
    );
}

/// The library for APIs compiles without the server: it, and what it stands on, name no crate that only
/// the feature `server` brings.
#[test]
fn the_library_for_apis_needs_no_crate_of_the_server() {
    let manifest: toml::Table = tree::read("Cargo.toml").parse().unwrap();
    let listed = |feature: &str| -> Vec<String> {
        let list = manifest["features"][feature].as_array().unwrap();
        let crates = list.iter().filter_map(|entry| entry.as_str()?.strip_prefix("dep:"));
        crates.map(|name| name.replace('-', "_")).collect()
    };
    let (server, library) = (listed("server"), listed("resource-server"));
    let broken = broken_by(|_, floor, named| {
        let krate = named.names.first().filter(|_| named.names.len() > 1)?;
        let brought = match floor.name {
            "types" | "protocol" => false,
            "resource_server" => library.contains(krate),
            _ => return None,
        };
        // `types::time` is a module of ours that has the name of a crate.
        let of_the_server = server.contains(krate) && krate != "time";
        (of_the_server && !brought).then(|| format!("{} names {krate}", floor.name))
    });
    assert_none(
        "The library for APIs would need the server.",
        "Do without the crate, or add it to the feature `resource-server` in Cargo.toml.",
        &broken,
    );
}

#[test]
fn the_pure_floors_do_not_wait() {
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        if floor_of(&file).is_none_or(|floor| floor.without != IMPURE) {
            continue;
        }
        let waits =
            file.idents().into_iter().filter(|(name, _)| name == "async" || name == "await");
        broken.extend(waits.map(|(name, place)| format!("{place}: {name}")));
    }
    assert_none(
        "A pure rule waits for something.",
        "Load in `service`, and give the rule what was loaded.",
        &broken,
    );
}

#[test]
fn only_the_store_speaks_sql() {
    const WORDS: &[&str] = &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE "];
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        if floor_of(&file).is_some_and(|floor| floor.name == "store") {
            continue;
        }
        for (literal, place) in file.literals() {
            let text = literal.trim_start_matches(['b', 'r', '#', '"']);
            if WORDS.iter().any(|word| text.starts_with(word)) {
                broken.push(place);
            }
        }
    }
    assert_none(
        "SQL text stands outside src/store.",
        "Make it a statement of the noun's file in src/store, and call its verb.",
        &broken,
    );
}

#[test]
fn the_table_of_floors_has_no_empty_rooms() {
    let optional = ["cli", "config", "server", "telemetry"];
    let missing: Vec<String> = FLOORS
        .iter()
        .map(|floor| floor.name)
        .filter(|name| !optional.contains(name))
        .filter(|name| {
            !tree::exists(&format!("src/{name}")) && !tree::exists(&format!("src/{name}.rs"))
        })
        .map(str::to_owned)
        .collect();
    assert_none(
        "There is no such floor in src.",
        "Take its row out of tests/house/floors.rs.",
        &missing,
    );
}

/// Runs `rule` over every path of every file, and adds the place to what it says.
fn broken_by(rule: impl Fn(&RustFile, &Floor, &Named) -> Option<String>) -> Vec<String> {
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        let Some(floor) = floor_of(&file) else { continue };
        for named in file.paths() {
            broken
                .extend(rule(&file, floor, &named).map(|text| format!("{}: {text}", named.place)));
        }
    }
    broken
}

fn floor_of(file: &RustFile) -> Option<&'static Floor> {
    let path = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    let top = path.split('/').next()?;
    FLOORS.iter().find(|floor| floor.name == top)
}
