//! The phases of a scenario, checked: named stretches of its time.

use sim::time::SimTime;

use super::Phase;
use crate::ast::{self, Scenario};
use crate::mistake::Mistake;

/// The phases, in order of the file.
pub(super) fn phases(scenario: &Scenario) -> Result<Vec<Phase>, Mistake> {
    let named = &scenario.phases.0;
    for (place, (name, phase)) in named.iter().enumerate() {
        let is_taken = named[..place].iter().any(|(other, _)| other == name);
        check_name(place, name, is_taken)?;
        check_stretch(scenario, place, *phase)?;
    }
    let decided = |(name, ast::Phase { from, until }): &(String, ast::Phase)| Phase {
        name: name.clone(),
        from: SimTime::ZERO + from.0,
        until: SimTime::ZERO + until.0,
    };
    Ok(named.iter().map(decided).collect())
}

fn check_name(place: usize, name: &str, is_taken: bool) -> Result<(), Mistake> {
    let mistake = |title: &str| Mistake::new(format!("phases[{place}]"), title).in_name();
    if name.trim().is_empty() {
        return Err(mistake("a phase needs a name").help("write for example \"before\""));
    }
    if name.contains('.') {
        return Err(mistake("the name of a phase has no point in it")
            .label("points part the names of figures, such as `phases.before.success`")
            .help(format!("write for example \"{}\"", name.replace('.', "-"))));
    }
    if is_taken {
        return Err(mistake(&format!("the phase \"{name}\" stands twice")).help("every phase needs a name of its own"));
    }
    Ok(())
}

fn check_stretch(scenario: &Scenario, place: usize, ast::Phase { from, until }: ast::Phase) -> Result<(), Mistake> {
    let here = |field: &str| format!("phases[{place}].{field}");
    if from >= until {
        return Err(
            Mistake::new(here("from"), "a phase must begin before it ends").label(format!("it ends at {until}"))
        );
    }
    if until > scenario.end {
        return Err(Mistake::new(here("until"), "a phase must not go on after the end of the run")
            .label(format!("the run ends at {}", scenario.end)));
    }
    Ok(())
}
