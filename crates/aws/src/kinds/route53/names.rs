//! Domain names in one spelling.
//!
//! Facts: Route 53 answers in lower case, with a trailing dot and octal escapes (`*` as `\052`); a load balancer's name may
//! come back with `dualstack.` before it.

use globe_model::is_unknown;

/// Lower case, no trailing dot, no escapes that need not be. Stand-ins stay as they are.
pub fn plain(name: &str) -> String {
    if is_unknown(name) {
        return name.to_owned();
    }
    unescape(name.strip_suffix('.').unwrap_or(name)).to_ascii_lowercase()
}

/// The name of an alias target, without what AWS adds.
pub fn target(name: &str) -> String {
    let name = plain(name);
    name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
}

/// The id without `/hostedzone/` before it. Facts: the SDK strips it on some calls only.
pub fn bare_id(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_owned()
}

/// Resolves `\ooo` where it stands for a visible character that means nothing in a name.
fn unescape(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let code = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(|byte| byte.is_ascii_graphic() && !matches!(byte, b'.' | b'\\')) {
            Some(byte) => {
                text.push(char::from(byte));
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                text.push('\\');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_name_become_one() {
        for (given, expected) in [
            (r"\052.Example.com.", "*.example.com"),
            ("*.example.com", "*.example.com"),
            ("_a.example.com.", "_a.example.com"),
            (r"a\056b.example.com", r"a\056b.example.com"),
            (r"odd\", r"odd\"),
        ] {
            assert_eq!(plain(given), expected, "{given}");
        }
        assert_eq!(target("dualstack.Web-1.eu-central-1.elb.amazonaws.com."), "web-1.eu-central-1.elb.amazonaws.com");
        assert_eq!(bare_id("/hostedzone/Z1"), "Z1");
    }
}
