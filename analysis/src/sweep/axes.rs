//! From the axes of a plan as written to the grid: what is judged before any scenario is read.

use scenarios::mistake::Mistake;

use super::constraint::Constraint;
use super::grid::{Grid, Parameter};
use super::plan::{PROTOCOL, SEED};
use super::spec::{AxisSpec, OverSpec, Spec, ValuesSpec};
use super::values::{self, Stride, VALUES_MAX, Value};

/// The grid, with the cells that the constraints let through.
pub(super) fn grid(spec: &Spec) -> Result<Grid, Mistake> {
    let mut grid = Grid::default();
    for (place, axis) in spec.axes.iter().enumerate() {
        let begin = grid.parameters.len();
        grid.parameters.extend(parameters(axis, &format!("axes[{place}]"))?);
        grid.axes.push(begin..grid.parameters.len());
    }
    check_names(&grid)?;
    let size = size(&grid)?;
    let names: Vec<&str> = grid.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let constraints = spec.constraints.iter().enumerate().map(|(place, text)| {
        let wrong = |wrong: super::constraint::WrongConstraint| wrong_constraint(place, wrong);
        Constraint::parse(text, &names).map_err(wrong)
    });
    let constraints = constraints.collect::<Result<Vec<Constraint>, Mistake>>()?;
    let kept = grid.keep(size, &constraints).map_err(|(place, wrong)| wrong_constraint(place, wrong))?;
    match kept.iter().position(|kept| *kept == 0) {
        Some(last) => Err(contradiction(size, &kept[..last], last)),
        None => Ok(grid),
    }
}

fn wrong_constraint(place: usize, wrong: super::constraint::WrongConstraint) -> Mistake {
    Mistake::new(format!("constraints[{place}]"), wrong.title).help(wrong.help)
}

fn contradiction(size: u32, before: &[usize], last: usize) -> Mistake {
    let left = before.last().map_or(size as usize, |kept| *kept);
    let title = match before {
        [] => "no cell meets this constraint",
        _ => "no cell meets this constraint and those before it",
    };
    Mistake::new(format!("constraints[{last}]"), title).label(format!("of {left} cells, it leaves none")).help(
        "`dhtsim sweep --dry-run` without it lists the cells; or take it as a hint that the axes miss what is meant",
    )
}

/// The parameters of an axis: one, or those that move together.
fn parameters(axis: &AxisSpec, place: &str) -> Result<Vec<Parameter>, Mistake> {
    let Some(together) = &axis.together else {
        return parameter(axis, place).map(|parameter| vec![parameter]);
    };
    let alone = axis.over.is_none() && axis.name.is_none() && axis.values.is_none() && !has_range(axis);
    if !alone {
        return Err(Mistake::new(place, "an axis is `over` a parameter, or holds axes that move `together`, not both")
            .help("move what stands beside `together` into it"));
    }
    let mut parameters = Vec::new();
    for (inner, axis) in together.iter().enumerate() {
        let place = format!("{place}.together[{inner}]");
        if axis.together.is_some() {
            return Err(
                Mistake::new(place, "what moves together is one list").help("write all of them in one `together`")
            );
        }
        parameters.push(parameter(axis, &place)?);
    }
    let Some(first) = parameters.first() else {
        return Err(
            Mistake::new(format!("{place}.together"), "this axis is empty").help("write axes in it, or leave it out")
        );
    };
    match parameters.iter().find(|other| other.values.len() != first.values.len()) {
        Some(other) => Err(Mistake::new(other.place.clone(), "axes that move together have equally many values")
            .label(format!("{} here, and {} in the first", other.values.len(), first.values.len()))
            .help("give each of them one value for every step")),
        None => Ok(parameters),
    }
}

fn parameter(axis: &AxisSpec, place: &str) -> Result<Parameter, Mistake> {
    let (over, is_over_several) = match &axis.over {
        Some(OverSpec::One(over)) => (vec![over.clone()], false),
        Some(OverSpec::Several(over)) => (over.clone(), true),
        None => (Vec::new(), false),
    };
    if over.is_empty() || over.iter().any(|over| over.trim().is_empty()) {
        return Err(Mistake::new(place, "an axis is over a parameter of the base")
            .help("write for example `over: \"network.loss\"`"));
    }
    if over.iter().any(|over| over == "seed" || over == "seeds") {
        return Err(Mistake::new(format!("{place}.over"), "the seeds are no axis: every cell runs the same ones")
            .help("write `seeds: 1..31` beside `axes`"));
    }
    let is_listed = axis.values.is_some();
    let values = values_of(axis, place)?;
    if values.is_empty() {
        return Err(Mistake::new(format!("{place}.values"), "this axis is empty")
            .help("write at least one value, or leave the axis out"));
    }
    if values.len() > VALUES_MAX {
        return Err(Mistake::new(format!("{place}.values"), format!("an axis has at most {VALUES_MAX} values")));
    }
    let mut shown: Vec<&str> = values.iter().map(|value| value.shown.as_str()).collect();
    shown.sort_unstable();
    if let Some([twice, ..]) = shown.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Mistake::new(format!("{place}.values"), format!("the value `{twice}` stands twice"))
            .help("leave one of them out, or give them names, `{\"one\": …, \"other\": …}`"));
    }
    let name = axis.name.clone().unwrap_or_else(|| over[0].clone());
    Ok(Parameter { name, over, values, place: place.to_owned(), is_listed, is_over_several })
}

fn values_of(axis: &AxisSpec, place: &str) -> Result<Vec<Value>, Mistake> {
    let stride = match (&axis.step, &axis.times) {
        (Some(step), None) => Some(Stride::Step(step)),
        (None, Some(times)) => Some(Stride::Times(times)),
        _ => None,
    };
    match (&axis.values, &axis.from, &axis.to, stride) {
        (Some(ValuesSpec::List(values)), ..) if !has_range(axis) => Ok(values.iter().map(Value::written).collect()),
        (Some(ValuesSpec::Map(values)), ..) if !has_range(axis) => {
            Ok(values.0.iter().map(|(name, raw)| Value::named(name, raw)).collect())
        }
        (None, Some(from), Some(to), Some(stride)) => values::range(from, to, stride)
            .map_err(|wrong| Mistake::new(format!("{place}.{}", wrong.field), wrong.title).help(wrong.help)),
        _ => Err(Mistake::new(place, "an axis has either `values`, or `from` and `to` with `step` or `times`").help(
            "write for example `values: [1, 2, 5]`, `from: 0, to: 0.3, step: 0.1` or `from: 1, to: 64, times: 2`",
        )),
    }
}

fn has_range(axis: &AxisSpec) -> bool {
    axis.from.is_some() || axis.to.is_some() || axis.step.is_some() || axis.times.is_some()
}

fn check_names(grid: &Grid) -> Result<(), Mistake> {
    for (place, parameter) in grid.parameters.iter().enumerate() {
        let (name, at) = (&parameter.name, format!("{}.name", parameter.place));
        if [PROTOCOL, SEED, "run", "cell", "or"].contains(&name.as_str()) || name.trim().is_empty() {
            return Err(Mistake::new(at, format!("no axis can be called `{name}`")).help("give it another `name`"));
        }
        let before = &grid.parameters[..place];
        let taken = |over: &&String| before.iter().any(|other| other.over.contains(over));
        if let Some(over) = parameter.over.iter().find(taken) {
            return Err(Mistake::new(format!("{}.over", parameter.place), format!("two axes are over `{over}`"))
                .help("write all its values in one axis"));
        }
        if before.iter().any(|other| other.name == *name) {
            return Err(
                Mistake::new(at, format!("two axes are called `{name}`")).help("give one of them another `name`")
            );
        }
    }
    Ok(())
}

fn size(grid: &Grid) -> Result<u32, Mistake> {
    let size = grid.size().unwrap_or(u64::MAX);
    if size > CELLS_MAX {
        let lengths: Vec<String> = grid.lengths().map(|length| length.to_string()).collect();
        return Err(Mistake::new(
            "axes",
            format!("this grid has {} cells; {CELLS_MAX} are the most", lengths.join(" × ")),
        )
        .help("take fewer values, let axes move `together`, or make several sweeps of it"));
    }
    Ok(size as u32)
}

/// Every cell is read before anything runs.
const CELLS_MAX: u64 = 1_000_000;
