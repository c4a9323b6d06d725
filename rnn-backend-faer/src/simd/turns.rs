//! `2ᵉ · 2/π` for every exponent `e`, in four parts: how many quarter turns a number is (Payne and Hanek 1983).
//!
//! A number `m·2ᵉ`, `1 ≤ m < 2`, is `m·c` quarter turns with `c = 2ᵉ · 2/π`. Its `m` has `P − 1` bits behind the point, so multiples of
//! `2^(P+1)` in `c` give multiples of 4, whole turns, and are left out. A number below 1 is its own `m`, with `e = 0`.
//!
//! ```text
//! part     bits of weight              whose product with m
//! 0        2^P     … 2¹                is a multiple of 2^(2−P)
//! 1        2⁰      … 2^(4−P)           is a multiple of 2^(5−2P)
//! 2, 3     P − 3 each, behind those
//! ```
//! What the four leave out is below `2^(10−3P)`: relative to the distance of any number from the nearest multiple of π/2, `2⁻³¹` for f32 and
//! less than `2⁻⁸⁷` for f64.

/// 64 zeros, then the bits of 2/π behind the point (`tools/coefficients.py`).
#[rustfmt::skip]
const TWO_OVER_PI: [u64; 21] = [
    0,
    0xa2f9_836e_4e44_1529, 0xfc27_57d1_f534_ddc0, 0xdb62_9599_3c43_9041, 0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0, 0x0649_2eea_09d1_921c, 0xfe1d_eb1c_b129_a73e, 0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41, 0x3991_d639_8353_39f4, 0x9c84_5f8b_bdf9_283b, 0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f, 0x6d36_7ecf_27cb_09b7, 0x4f46_3f66_9e5f_ea2d, 0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea, 0x6bfb_5fb1_1f8d_5d08, 0x5603_3046_fc7b_6bab, 0xf0cf_bc20_9af4_361d,
];

/// The `e`-th row of the tables: parts of `precision` bits, each an integer and the exponent of its last bit.
const fn parts(e: usize, precision: usize) -> [(u64, i64); 4] {
    let (mut parts, mut at, mut part) = ([(0, 0); 4], 63 + e - precision, 0);
    while part < 4 {
        let bits = if part == 0 { precision } else { precision - 3 };
        let (word, shift) = (at / 64, at % 64);
        let window = TWO_OVER_PI[word] << shift | TWO_OVER_PI[word + 1] >> 1 >> (63 - shift);
        at += bits;
        #[allow(clippy::cast_possible_wrap)] // below two thousand
        let last = (63 + e) as i64 - (at as i64 - 1);
        parts[part] = (window >> (64 - bits), last);
        part += 1;
    }
    parts
}

macro_rules! table {
    ($name:ident: $t:ty, $bits:ty, $precision:literal, $rows:literal, $bias:literal) => {
        /// The parts of `2ᵉ · 2/π` for each `e` from 0.
        pub(super) static $name: [[$t; 4]; $rows] = {
            let (mut table, mut e) = ([[0.0; 4]; $rows], 0);
            while e < $rows {
                let (parts, mut part) = (parts(e, $precision), 0);
                while part < 4 {
                    let (integer, last) = parts[part];
                    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let scale = <$t>::from_bits((($bias + last) as $bits) << ($precision - 1));
                    #[allow(clippy::cast_precision_loss)] // `precision` bits at most
                    let value = integer as $t * scale;
                    table[e][part] = value;
                    part += 1;
                }
                e += 1;
            }
            table
        };
    };
}
table!(F32: f32, u32, 24, 128, 127);
table!(F64: f64, u64, 53, 1024, 1023);
