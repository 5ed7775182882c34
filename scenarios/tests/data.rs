//! Measured delays: what real files say (where the environment variable `DHTSIM_DATA` names their folder), and what is refused.

use std::fs::File;
use std::path::{Path, PathBuf};

use scenarios::data::Data;
use scenarios::diagnostic::Diagnostic;
use scenarios::files::{Files, Folders, NoFiles};
use scenarios::read;
use sim::time::Span;

#[test]
fn king_says_what_it_is_said_to_say() {
    let Some(data) = real("Matrix(file: \"king/king128.p2psim.top\")") else { return };
    let delays = one_way_micros(&data);
    assert_eq!(delays.len(), 128 * 127);
    assert_eq!(delays[delays.len() / 2], 68_000);
    let mean = delays.iter().sum::<u64>() / delays.len() as u64;
    assert!((78_750..78_850).contains(&mean), "{mean} us");
    let csv = real("Matrix(file: \"king/king128.oneway_ms.csv\", values: OneWay)").expect("it lies beside the other");
    assert_eq!(one_way_micros(&csv), delays, "the same as a CSV");
}

#[test]
fn planetlab_says_what_it_is_said_to_say() {
    let text = "Matrix(file: \"planetlab/planetlab490_t1.rtt_ms.csv.xz\", values: RoundTrip, missing: Refused)";
    let Some(data) = real(text) else { return };
    let delays = one_way_micros(&data);
    assert_eq!(delays.len(), 490 * 489);
    let round_trip = delays[delays.len() / 2] * 2;
    assert!((134_500..135_500).contains(&round_trip), "{round_trip} us");
}

#[test]
fn files_with_gaps_and_names_and_other_units_are_read() {
    let seattle = "Matrix(file: \"seattle/seattle99_t1.rtt.csv.xz\", values: RoundTrip, unit: \"s\")";
    let aws = "Matrix(file: \"cloud/aws_2019-01_cloudping.rtt_ms.csv\", values: RoundTrip)";
    let wonder = "Matrix(file: \"wondernetwork/wondernetwork242_2018.avg_ms.csv.xz\", values: RoundTrip)";
    for (text, sites, median_ms) in [(seattle, 99, 160..280), (aws, 11, 150..154), (wonder, 242, 141..145)] {
        let Some(data) = real(text) else { return };
        let delays = one_way_micros(&data);
        assert_eq!(delays.len(), sites * (sites - 1), "{text}");
        let median = delays[delays.len() / 2] * 2 / 1_000;
        assert!(median_ms.contains(&median), "{text}: {median} ms");
    }
    let (measured, preset) =
        (real(aws).expect("there"), read_data("Regions(preset: \"aws-2019\")", &NoFiles).expect("built in"));
    assert_eq!(one_way_micros(&measured), one_way_micros(&preset), "the regions that are built in are these");
}

#[test]
fn a_file_is_looked_for_beside_the_scenario_and_then_in_the_folders_in_turn() {
    let folders = [(); 3].map(|()| tempfile::tempdir().expect("there is room"));
    let [beside, first, second] = &folders;
    let files =
        Folders { beside: beside.path().to_owned(), data: [first, second].map(|dir| dir.path().to_owned()).to_vec() };
    let text = "Matrix(file: \"some.csv\", values: OneWay)";
    let entry = || read_data(text, &files).map(|data| data.sites().expect("a matrix").get(0, 1));
    let nowhere = entry().expect_err("nowhere").to_string();
    let said = format!(
        "it is looked for beside the scenario, then in {}, then in {};",
        first.path().display(),
        second.path().display()
    );
    assert!(nowhere.contains(&said), "{nowhere}");
    for (millis, folder) in [(3, second), (2, first), (1, beside)] {
        std::fs::write(folder.path().join("some.csv"), format!("0,{millis}\n1,0\n")).expect("there is room");
        assert_eq!(entry().expect("there it is"), Span::from_millis(millis));
    }
}

#[test]
fn a_file_of_two_gigabytes_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = File::create(folder.path().join("huge.csv")).expect("there is room");
    file.set_len(2 << 30).expect("a hole takes no room");
    let files = Folders { beside: folder.path().to_owned(), data: vec![] };
    let problem = read_data("Matrix(file: \"huge.csv\", values: OneWay)", &files).expect_err("too large").to_string();
    assert!(problem.contains("it has more than 268435456 bytes"), "{problem}");
}

/// What a latency reads, if there is real data to read from.
fn real(latency: &str) -> Option<Data> {
    let Some(folder) = std::env::var_os("DHTSIM_DATA") else {
        eprintln!("DHTSIM_DATA names no folder: {latency} was not looked at");
        return None;
    };
    let files = Folders { beside: Path::new("nowhere").to_owned(), data: vec![PathBuf::from(folder)] };
    Some(read_data(latency, &files).unwrap_or_else(|problem| panic!("{problem}")))
}

fn read_data(latency: &str, files: &dyn Files) -> Result<Data, Box<Diagnostic>> {
    let text = format!(
        "(\n    protocols: [Chord()],\n    network: (latency: {latency}),\n    script: [],\n    end: \"1s\",\n)"
    );
    let scenario = read::scenario("data.ron", text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}"));
    Data::read(&scenario, files).map_err(|mistake| read::locate("data.ron", &text, &mistake))
}

/// The one-way delays of all ordered pairs of different sites, in microseconds, the shortest first.
fn one_way_micros(data: &Data) -> Vec<u64> {
    let sites = data.sites().expect("a matrix");
    let pairs = (0..sites.sites()).flat_map(|from| (0..sites.sites()).map(move |to| (from, to)));
    let different = pairs.filter(|(from, to)| from != to);
    let mut delays: Vec<u64> = different.map(|(from, to)| sites.get(from, to).as_nanos() / 1_000).collect();
    delays.sort_unstable();
    delays
}
