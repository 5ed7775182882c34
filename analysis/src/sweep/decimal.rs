//! Exact decimal numbers: `0.1 + 0.2` is `0.3`, so that a range of values is what its reader expects, on every machine.

use std::cmp::Ordering;
use std::fmt;

/// A whole number of 10^-scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    /// A whole number.
    pub(super) fn whole(digits: i128) -> Self {
        Self { digits, scale: 0 }
    }

    /// Reads `12`, `-0.5`, `1_000` or `1e-3`; none if it is no such number, or has more than 18 digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= DIGITS_MAX)?;
        let (sign, unsigned) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits: String = [whole, part].concat().chars().filter(|c| *c != '_').collect();
        let is_number =
            unsigned.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit());
        if !is_number || digits.len() > DIGITS_MAX as usize {
            return None;
        }
        let digits = sign * digits.parse::<i128>().ok()?;
        let scale = i32::try_from(part.chars().filter(|c| *c != '_').count()).ok()? - exponent;
        let zeros = u32::try_from(-scale).unwrap_or(0);
        (zeros <= DIGITS_MAX as u32)
            .then(|| Self { digits: digits * power(zeros), scale: u32::try_from(scale).unwrap_or(0) })
    }

    /// The sum; none if it has too many digits.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let (one, other, scale) = self.aligned(other)?;
        Some(Self { digits: one.checked_add(other)?, scale })
    }

    /// The product, rounded to fifteen digits; none if it is too large.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(other.digits)?, scale: self.scale + other.scale }.rounded())
    }

    /// This many times; none if it has too many digits.
    pub(super) fn repeated(self, times: u64) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(i128::from(times))?, ..self })
    }

    /// The nearest whole number.
    pub(super) fn round(self) -> i128 {
        let power = power(self.scale.min(POWER_MAX));
        (self.digits + self.digits.signum() * power / 2) / power
    }

    fn rounded(self) -> Self {
        let Self { mut digits, mut scale } = self;
        while scale > 0 && (digits % 10 == 0 || digits.abs() >= power(SIGNIFICANT)) {
            digits = (digits + digits.signum() * 5) / 10;
            scale -= 1;
        }
        Self { digits, scale }
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let lift = |number: Self| {
            let zeros = scale - number.scale;
            (zeros <= POWER_MAX).then(|| number.digits.checked_mul(power(zeros))).flatten()
        };
        Some((lift(self)?, lift(other)?, scale))
    }

    /// Which is larger; none if they are too far apart to tell.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        let (one, other, _) = self.aligned(other)?;
        Some(one.cmp(&other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, digits) = (if self.digits < 0 { "-" } else { "" }, self.digits.unsigned_abs().to_string());
        let scale = self.scale as usize;
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{part}")
    }
}

fn power(exponent: u32) -> i128 {
    10_i128.pow(exponent)
}

/// More digits than a number of a scenario ever has.
const DIGITS_MAX: i32 = 18;
/// 10^38 is the largest power of ten in 128 bits.
const POWER_MAX: u32 = 38;
/// As many as an `f64` holds for sure.
const SIGNIFICANT: u32 = 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn a_number_reads_as_it_is_written() {
        let cases =
            [("12", "12"), ("-0.50", "-0.5"), ("1_000", "1000"), ("1e-3", "0.001"), ("1.5e3", "1500"), ("0.0", "0")];
        for (text, shown) in cases {
            assert_eq!(of(text).to_string(), shown);
        }
        for text in ["", "-", ".5", "1.2.3", "ten", "0x10", "1e99", "1234567890123456789012", "1-2", "∞"] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn tenths_are_exact() {
        assert_eq!(of("0.1").plus(of("0.2")).expect("small").to_string(), "0.3");
        assert_eq!(of("0.1").repeated(3).expect("small").to_string(), "0.3");
        assert_eq!(of("1.5").times(of("1.5")).expect("small").to_string(), "2.25");
        assert_eq!((of("2.5").round(), of("-2.4").round(), of("7").round()), (3, -2, 7));
        let third = of("0.333333333333333").times(of("0.333333333333333")).expect("small").to_string();
        assert_eq!(third, "0.111111111111111", "fifteen digits");
    }

    proptest! {
        #[test]
        fn sums_and_order_are_those_of_whole_numbers(one in -1_000_000_i64..1_000_000, other in -1_000_000_i64..1_000_000, scale in 0_u32..6) {
            let decimal = |digits: i64| Decimal { digits: i128::from(digits), scale };
            let (sum, order) = (decimal(one).plus(decimal(other)), decimal(one).compare(decimal(other)));
            prop_assert_eq!(sum.map(|sum| sum.digits), Some(i128::from(one + other)));
            prop_assert_eq!(order, Some(one.cmp(&other)));
            prop_assert_eq!(of(&decimal(one).to_string()).compare(decimal(one)), Some(Ordering::Equal));
        }

        #[test]
        fn no_text_panics(text in "[-+]?[0-9_.eE-]{0,24}") {
            if let Some(number) = Decimal::parse(&text) {
                number.round();
                if let Some(square) = number.times(number) {
                    let _ = (square.plus(number), square.compare(number), square.to_string());
                }
            }
        }
    }
}
