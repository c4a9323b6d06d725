//! How small an error the suite still notices.

use rnn_check::power::{Sharpness, Site, Size, floors, markdown};
use rnn_check::{Checked, document};

/// The smallest floor at a site, in units of u; on small cases of the laws that compare with the oracle.
fn sharpest(floors: &[Sharpness], number: &str, size: Size, site: Site) -> f64 {
    let groups = ["matmul::", "oracle::", "numeric::", "head::"];
    let oracle = |law: &&Sharpness| size == Size::Large || groups.iter().any(|group| law.law.starts_with(group));
    let of = floors.iter().filter(|law| law.number == number && law.size == size).filter(oracle);
    of.filter_map(|law| law.at(site)).fold(f64::INFINITY, f64::min)
}

/// Laws catch panics of the backend; their messages are no news here.
fn quietly<O>(run: impl FnOnce() -> O) -> O {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = run();
    std::panic::set_hook(hook);
    result
}

#[test]
fn a_gate_off_by_64_u_and_a_gradient_off_by_a_billionth_are_noticed() {
    let floors = quietly(|| floors(""));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../VERIFICATION.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let difference = document::difference(&text, "detection-floors", &markdown(&floors)).expect("it has the section");
    if let Some(difference) = difference {
        panic!("VERIFICATION.md is out of date; `rnn-check matrix --markdown` writes it anew\n{difference}");
    }
    // Inference keeps nothing for the oracle to start from: it is compared with the forward pass.
    let watched = |site: &&Site| **site != Site::Inference;
    for (number, &site) in
        ["f32", "f64"].iter().flat_map(|number| Site::ALL.iter().filter(watched).map(move |site| (number, site)))
    {
        let floor = sharpest(&floors, number, Size::Small, site);
        assert!(floor <= 64.0, "{number}: {site}, {floor} u");
    }
    let inference = floors.iter().filter_map(|law| law.at(Site::Inference)).fold(f64::INFINITY, f64::min);
    assert!(inference <= 2.0, "{inference} u");
    let billionth = 1e-9 / (f64::EPSILON / 2.0);
    for site in [Site::WeightGradient, Site::InputGradient, Site::StateGradient, Site::GateCotangent, Site::Gate] {
        for size in [Size::Small, Size::Large] {
            let floor = sharpest(&floors, "f64", size, site);
            assert!(floor <= billionth, "{size:?}: {site}, {floor} u");
        }
    }
    // Every law was asked but the two slowest, and each of the large ones answered.
    let asked = |number: &str, size| floors.iter().filter(|law| law.number == number && law.size == size).count();
    assert_eq!(asked("f32", Size::Small), f32::all_laws().len() - 2);
    assert_eq!(asked("f64", Size::Small), f64::all_laws().len() - 2);
    let large: Vec<_> = floors.iter().filter(|law| law.size == Size::Large).collect();
    assert_eq!(large.len(), 16);
    assert!(large.iter().all(|law| law.floor().is_some()), "{large:?}");
}
