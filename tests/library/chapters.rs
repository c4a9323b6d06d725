//! The chapters of the documentation: their pictures, and the laws, tests, programs and cells that they name.

#[path = "../../examples/unfolded/draw.rs"]
mod draw;
#[path = "../../examples/unfolded/graph.rs"]
mod graph;
#[path = "../../examples/unfolded/pictures/mod.rs"]
mod pictures;

use recurrent::Cells;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Names and texts of the files of a folder that end like this.
fn files(folder: &str, end: &str) -> Vec<(String, String)> {
    let paths = fs::read_dir(Path::new(HERE).join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let named = paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), path));
    named
        .filter(|(name, _)| name.ends_with(end))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect()
}

/// Everything between single backticks.
fn code() -> BTreeSet<String> {
    let chapters = files("src/chapters", ".rs").into_iter().map(|(_, text)| text);
    chapters.flat_map(|text| text.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>()).collect()
}

#[test]
fn pictures_are_what_the_program_draws() {
    let drawn: BTreeSet<(String, String)> =
        pictures::all().iter().map(|graph| (format!("{}.svg", graph.name), draw::draw(graph))).collect();
    let kept: BTreeSet<_> = files("src/chapters/pictures", ".svg").into_iter().collect();
    let names = |set: &BTreeSet<(String, String)>| set.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&drawn), names(&kept));
    let other: Vec<_> = drawn.difference(&kept).map(|(name, _)| name).collect();
    assert!(other.is_empty(), "draw anew by `cargo run --example unfolded`: {other:?}");
}

#[test]
fn every_picture_is_in_a_chapter_and_is_one_piece_of_html() {
    let chapters: String = files("src/chapters", ".rs").into_iter().map(|(_, text)| text).collect();
    for (name, svg) in files("src/chapters/pictures", ".svg") {
        assert!(chapters.contains(&format!("include_str!(\"pictures/{name}\")")), "{name}");
        // An empty line would end it, and a paragraph begin.
        assert!(svg.lines().all(|line| !line.trim().is_empty()) && svg.len() < 12_000, "{name}: {} bytes", svg.len());
    }
}

/// Relative luminance of WCAG 2.1.
fn luminance(colour: &str) -> f64 {
    let part = |from: usize| {
        let x = f64::from(u8::from_str_radix(&colour[from..from + 2], 16).unwrap()) / 255.0;
        if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[test]
fn both_colours_of_pictures_are_seen_on_every_theme() {
    // The backgrounds of rustdoc's themes, light, dark and ayu, and of a picture by itself.
    for background in ["#ffffff", "#353535", "#0f1419", "#14181d"] {
        for colour in [draw::TIME, draw::BACK] {
            let (a, b) = (luminance(colour), luminance(background));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 3.0, "{colour} on {background}: {contrast:.2}");
        }
    }
}

#[test]
fn every_cell_has_a_chapter() {
    let code = code();
    let without: Vec<_> = Cells::new().names().filter(|name| !code.contains(*name)).map(String::from).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn laws_that_chapters_name_exist() {
    let table = fs::read_to_string(Path::new(HERE).join("rnn-check/src/law/table.rs")).unwrap();
    // Lines such as `[clip, each_clipped_adjoint_step_is_one_oracle_step, Cases, …]`.
    let lines = table.lines().filter_map(|line| line.trim().strip_prefix('['));
    let laws: BTreeSet<_> = lines
        .filter_map(|line| line.split_once(", "))
        .filter_map(|(group, rest)| Some((group, rest.split_once(',')?.0)))
        .collect();
    let groups: BTreeSet<_> = laws.iter().map(|(group, _)| *group).collect();
    let code = code();
    let named: Vec<_> =
        code.iter().filter_map(|text| text.split_once("::")).filter(|(group, _)| groups.contains(group)).collect();
    assert!(named.len() > 30, "{named:?}");
    for law in named {
        // `group::*` stands for all of a group.
        assert!(law.1 == "*" || laws.contains(&law), "{law:?}");
    }
}

#[test]
fn tests_and_programs_that_chapters_name_exist() {
    let named = |text: &String| ["tests/", "examples/", "rnn-check/"].iter().any(|folder| text.starts_with(folder));
    let paths: Vec<_> = code().into_iter().filter(named).collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        // Options may follow the path of a program.
        let file = path.split(' ').next().unwrap();
        assert!(Path::new(HERE).join(file).exists(), "{path}");
    }
}
