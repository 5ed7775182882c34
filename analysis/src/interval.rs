//! How sure a mean over seeds is.

/// Half the width of the 95 % confidence interval of the mean of these values (Student's t); none for fewer than two.
pub fn half_width(values: &[f64]) -> Option<f64> {
    let freedom = values.len().checked_sub(1).filter(|freedom| *freedom > 0)?;
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(student(freedom) * (squares / freedom as f64 / count).sqrt())
}

/// The 97.5th percentile of Student's t: from the table, and beyond it by the expansion of Cornish and Fisher.
fn student(freedom: usize) -> f64 {
    const NORMAL: f64 = 1.959_964;
    STUDENT.get(freedom - 1).copied().unwrap_or_else(|| {
        let (z, cube) = (NORMAL, NORMAL * NORMAL * NORMAL);
        z + (cube + z) / (4.0 * freedom as f64)
    })
}

const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_textbook() {
        let half = half_width(&[4.0, 6.0, 8.0]).expect("three values");
        assert!((half - 4.303 * 2.0 / 3f64.sqrt()).abs() < 1e-9, "{half}");
        assert_eq!((half_width(&[1.0, 1.0]), half_width(&[1.0]), half_width(&[])), (Some(0.0), None, None));
    }

    #[test]
    fn the_table_and_the_expansion_meet() {
        for (freedom, known) in [(31, 2.040), (60, 2.000), (120, 1.980), (1_000_000, 1.960)] {
            assert!((student(freedom) - known).abs() < 4e-3, "{freedom}: {}", student(freedom));
        }
    }
}
