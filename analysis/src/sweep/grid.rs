//! The grid of a sweep: parameters with their values, axes that cross, and the cells that the constraints let through.

use std::ops::Range;

use super::constraint::{Constraint, Meaning, WrongConstraint};
use super::values::Value;

/// Something that is changed in the base scenario.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// What it is called in results.
    pub name: String,
    /// Where it stands in the scenario: all these places are set to the same value.
    pub over: Vec<String>,
    /// What it is set to.
    pub values: Vec<Value>,
    /// Where it stands in the sweep's plan.
    pub(super) place: String,
    /// Whether its values stand there one by one, and not as a range.
    pub(super) is_listed: bool,
    /// Whether its places stand there in a list.
    pub(super) is_over_several: bool,
}

impl Parameter {
    /// Its values as they stand in results.
    pub fn json_values(&self) -> Vec<serde_json::Value> {
        self.values.iter().map(Value::json).collect()
    }

    /// The number that one of its values stands for; of a duration, its seconds.
    pub fn number_of(&self, value: &serde_json::Value) -> Option<f64> {
        self.values.iter().find(|own| own.json() == *value).and_then(Value::number)
    }
}

/// Parameters, and how their values are combined.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// All of them, in the order of the plan.
    pub parameters: Vec<Parameter>,
    /// Parameters of one axis move together; axes cross. The last one moves first.
    pub(super) axes: Vec<Range<usize>>,
    /// The cells that are run, by their number among all, in order.
    pub(super) cells: Vec<u32>,
}

impl Grid {
    /// How many cells there are before any constraint; none if they are beyond counting.
    pub(super) fn size(&self) -> Option<u64> {
        self.lengths().try_fold(1_u64, |product, length| product.checked_mul(length as u64))
    }

    /// How many values each axis has.
    pub(super) fn lengths(&self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + '_ {
        self.axes.iter().map(|axis| self.parameters[axis.start].values.len())
    }

    /// How many cells are run.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no cell is run.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The value of every parameter in a cell that is run.
    pub fn values(&self, cell: usize) -> Vec<&Value> {
        self.picks(cell).into_iter().zip(&self.parameters).map(|(pick, parameter)| &parameter.values[pick]).collect()
    }

    /// The place of its value for every parameter in a cell that is run.
    pub(super) fn picks(&self, cell: usize) -> Vec<usize> {
        self.picks_of(self.cells[cell])
    }

    fn picks_of(&self, number: u32) -> Vec<usize> {
        let mut picks = vec![0; self.parameters.len()];
        let mut rest = number as usize;
        for (axis, length) in self.axes.iter().zip(self.lengths()).rev() {
            picks[axis.clone()].fill(rest % length);
            rest /= length;
        }
        picks
    }

    /// A cell in words, such as `successors = 4, loss = none`.
    pub fn words(&self, cell: usize) -> String {
        let word = |(parameter, value): (&Parameter, &Value)| format!("{} = {}", parameter.name, value.shown);
        self.parameters.iter().zip(self.values(cell)).map(word).collect::<Vec<String>>().join(", ")
    }

    /// Keeps the cells in which all constraints hold. Says for each constraint how many cells it and those before it let through;
    /// an error names the constraint.
    pub(super) fn keep(
        &mut self,
        size: u32,
        constraints: &[Constraint],
    ) -> Result<Vec<usize>, (usize, WrongConstraint)> {
        let mut kept = vec![0; constraints.len()];
        for number in 0..size {
            let picks = self.picks_of(number);
            let meaning = |name: usize| {
                let value = &self.parameters[name].values[picks[name]];
                Meaning { number: value.number(), text: &value.shown }
            };
            let mut holds = true;
            for (place, constraint) in constraints.iter().enumerate() {
                holds = holds && constraint.holds(&meaning).map_err(|wrong| (place, wrong))?;
                kept[place] += usize::from(holds);
            }
            if holds {
                self.cells.push(number);
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let parameter = |name: &str, values: &[&str]| Parameter {
            name: name.to_owned(),
            over: vec![name.to_owned()],
            values: values.iter().map(|text| Value { text: (*text).to_owned(), shown: (*text).to_owned() }).collect(),
            place: String::new(),
            is_listed: true,
            is_over_several: false,
        };
        let parameters =
            vec![parameter("a", &["1", "2"]), parameter("b", &["x", "y", "z"]), parameter("c", &["7", "8", "9"])];
        Grid { parameters, axes: vec![0..1, 1..3], cells: Vec::new() }
    }

    #[test]
    fn the_last_axis_moves_first_and_what_is_together_moves_together() {
        let mut grid = grid();
        assert_eq!(grid.size(), Some(6));
        grid.keep(6, &[]).expect("no constraints");
        let words: Vec<String> = (0..grid.len()).map(|cell| grid.words(cell)).collect();
        let wanted = [
            "1, b = x, c = 7",
            "1, b = y, c = 8",
            "1, b = z, c = 9",
            "2, b = x, c = 7",
            "2, b = y, c = 8",
            "2, b = z, c = 9",
        ];
        assert_eq!(words, wanted.map(|words| format!("a = {words}")));
    }

    #[test]
    fn constraints_leave_cells_out() {
        let mut grid = grid();
        let names = ["a", "b", "c"];
        let constraints = ["a * 4 <= c", "b != 'y'"].map(|text| Constraint::parse(text, &names).expect("legal"));
        assert_eq!(grid.keep(6, &constraints), Ok(vec![5, 3]));
        let words: Vec<String> = (0..grid.len()).map(|cell| grid.words(cell)).collect();
        assert_eq!(words, ["a = 1, b = x, c = 7", "a = 1, b = z, c = 9", "a = 2, b = z, c = 9"]);
        let wrong = [Constraint::parse("a < b", &names).expect("legal")];
        assert_eq!(grid.keep(6, &wrong).expect_err("x is no number").0, 0);
    }

    #[test]
    fn without_axes_there_is_one_cell() {
        let mut grid = Grid::default();
        grid.keep(1, &[]).expect("no constraints");
        assert_eq!((grid.size(), grid.len(), grid.words(0)), (Some(1), 1, String::new()));
    }
}
