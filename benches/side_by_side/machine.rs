//! What the machine offers.

/// Instruction sets that matter for products, and whether the machine has them.
pub fn cpu_features() -> Vec<(&'static str, bool)> {
    #[cfg(target_arch = "x86_64")]
    let found = vec![
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let found = vec![];
    found
}

/// `avx2: yes  fma: yes  avx512f: no`.
pub fn feature_line() -> String {
    let said = |&(name, present): &(&str, bool)| format!("{name}: {}", if present { "yes" } else { "no" });
    cpu_features().iter().map(said).collect::<Vec<_>>().join("  ")
}
