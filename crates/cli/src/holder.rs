//! Who holds a lease, in words that tell whether it can still be alive.

/// This process: `ann@laptop process 4711 (4026531836/90210)`. In brackets, where the system says it: the namespace of
/// process numbers and the moment this process began, so that neither a container nor a number used again misleads.
pub fn current() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".into());
    let id = std::process::id();
    let birth = birth(id).map(|birth| format!(" ({birth})")).unwrap_or_default();
    format!("{user}@{} process {id}{birth}", host())
}

/// Whether a holder provably is a process of this machine that is gone. In doubt it is not.
pub fn is_dead(holder: &str) -> bool {
    let parsed = || {
        let (_, rest) = holder.split_once('@')?;
        let (host, rest) = rest.split_once(" process ")?;
        let (id, rest) = rest.split_once(" (")?;
        Some((host.to_owned(), id.parse::<u32>().ok()?, rest.strip_suffix(')')?.to_owned()))
    };
    let Some((at, id, born)) = parsed() else { return false };
    let (Some(space), Some(here)) = (born.split('/').next(), namespace()) else { return false };
    at == host() && space == here && birth(id).as_deref() != Some(born.as_str())
}

/// A holder for a person: without what is in brackets.
pub fn shown(holder: &str) -> &str {
    holder.split_once(" (").map_or(holder, |(name, _)| name)
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "somewhere".into(), |name| name.trim().into())
}

/// The namespace of process numbers that this process sees.
fn namespace() -> Option<String> {
    let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(link.to_str()?.trim_start_matches("pid:[").trim_end_matches(']').to_owned())
}

/// Namespace and start, in clock ticks since boot (the 22nd field of `/proc/PID/stat`).
fn birth(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name in brackets, which may hold anything.
    let start = stat.rsplit_once(") ")?.1.split(' ').nth(19)?.to_owned();
    Some(format!("{}/{start}", namespace()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_machine_that_is_gone_is_dead() {
        let me = current();
        assert!(!is_dead(&me), "{me}");
        assert_eq!(shown("ann@laptop process 4711 (4026531836/90210)"), "ann@laptop process 4711");
        assert!(!is_dead("ann@elsewhere process 1 (1/1)"), "another machine");
        assert!(!is_dead("ann@a 1"), "nothing is known of it");
        if let Some(born) = birth(std::process::id()) {
            let other = me.replace(&born, &format!("{}0", born));
            assert!(is_dead(&other), "the number was used again: {other}");
            assert!(!is_dead(&me.replace(&born, "1/1")), "another container");
        }
    }
}
