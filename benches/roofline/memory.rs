//! Memory for the sweep, in huge pages where the system has them: with small ones the page tables would be part of the
//! limit.

use memmap2::{MmapMut, MmapOptions};

/// Numbers on pages of their own.
pub struct Pages(MmapMut);

impl Pages {
    pub fn new(bytes: usize) -> Self {
        let mut map = MmapOptions::new().len(bytes).map_anon().expect("memory for a working set");
        // Only a wish: without huge pages the figures are a little lower.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        // Ordinary numbers; and every page is there before the clock runs.
        pulp::bytemuck::cast_slice_mut::<u8, f32>(&mut map).fill(1.0);
        Self(map)
    }

    pub fn numbers(&self) -> &[f32] {
        pulp::bytemuck::cast_slice(&self.0)
    }
}
