//! Pictures of the graph in the languages of Graphviz and Mermaid.
//!
//! Both are sorted by address, so that the same stack gives the same text and a picture kept in a repository changes
//! only where the stack does. Edges go from upstream to downstream; those that wait for no more than an identity are
//! dashed.

use std::collections::BTreeMap;
use std::fmt::Write;

use globe_graph::{Graph, Resource};
use globe_model::{Address, Need, Scope};

use crate::layout::one_line;

/// For `dot -Tsvg`: one cluster per scope.
pub fn dot(graph: &Graph) -> String {
    let mut text = "digraph globe {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    for (scope, resources) in by_scope(graph) {
        let name = quoted(scope.as_str());
        let _infallible = writeln!(text, "  subgraph {} {{\n    label={name};", quoted(&format!("cluster_{scope}")));
        for Resource { address, .. } in resources {
            let label = format!("\"{}\\n{}\"", escaped(&address.kind), escaped(&address.name));
            let _infallible = writeln!(text, "    {} [label={label}];", quoted(&address.to_string()));
        }
        text.push_str("  }\n");
    }
    for (from, to, need) in edges(graph) {
        let look = if need == Need::Exists { " [style=dashed]" } else { "" };
        let _infallible = writeln!(text, "  {} -> {}{look};", quoted(&from.to_string()), quoted(&to.to_string()));
    }
    text + "}\n"
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// In a quoted text of DOT, only the quote and the backslash mean something.
fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// For GitHub, GitLab and mermaid.live: one subgraph per scope. Mermaid draws at most 500 edges unless its `maxEdges` is
/// raised, which GitHub does not allow: a picture of a large stack wants `--only`, or [`dot`].
pub fn mermaid(graph: &Graph) -> String {
    let ids: BTreeMap<&Address, String> =
        graph.resources().enumerate().map(|(place, resource)| (&resource.address, format!("n{place}"))).collect();
    let mut text = "flowchart LR\n".to_owned();
    for (place, (scope, resources)) in by_scope(graph).into_iter().enumerate() {
        let _infallible = writeln!(text, "  subgraph s{place}[\"{}\"]", entities(scope.as_str()));
        for Resource { address, .. } in resources {
            let label = format!("{}<br/>{}", entities(&address.kind), entities(&address.name));
            let _infallible = writeln!(text, "    {}[\"{label}\"]", ids[address]);
        }
        text.push_str("  end\n");
    }
    for (from, to, need) in edges(graph) {
        let arrow = if need == Need::Exists { "-.->" } else { "-->" };
        let _infallible = writeln!(text, "  {} {arrow} {}", ids[from], ids[to]);
    }
    text
}

/// Inside a quoted text, Mermaid reads `#name;` as an entity and the rest as HTML and Markdown.
fn entities(text: &str) -> String {
    let mut safe = String::new();
    for c in one_line(text).chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' => {
                let _infallible = write!(safe, "#{};", c as u32);
            }
            _ => safe.push(c),
        }
    }
    safe
}

fn by_scope(graph: &Graph) -> BTreeMap<&Scope, Vec<&Resource>> {
    let mut scopes: BTreeMap<&Scope, Vec<&Resource>> = BTreeMap::new();
    for resource in graph.resources() {
        scopes.entry(&resource.address.scope).or_default().push(resource);
    }
    scopes
}

/// Each pair once, with the stronger need where a resource refers to another twice.
fn edges(graph: &Graph) -> Vec<(&Address, &Address, Need)> {
    let mut edges: BTreeMap<(&Address, &Address), Need> = BTreeMap::new();
    for resource in graph.resources() {
        for (upstream, need) in &resource.upstream {
            let known = edges.entry((upstream, &resource.address)).or_insert(*need);
            *known = (*known).max(*need);
        }
    }
    edges.into_iter().map(|((from, to), need)| (from, to, need)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn graphviz() {
        insta::assert_snapshot!(dot(&sample::graph()), @r#"
        digraph globe {
          rankdir=LR;
          node [shape=box, fontname="sans-serif"];
          subgraph "cluster_global" {
            label="global";
            "global/ec2/node/record" [label="ec2/node\nrecord"];
          }
          subgraph "cluster_eu-central-1" {
            label="eu-central-1";
            "eu-central-1/ec2/node/subnet \"a\" \\ #1" [label="ec2/node\nsubnet \"a\" \\ #1"];
            "eu-central-1/ec2/node/vpc" [label="ec2/node\nvpc"];
          }
          "eu-central-1/ec2/node/subnet \"a\" \\ #1" -> "global/ec2/node/record";
          "eu-central-1/ec2/node/vpc" -> "global/ec2/node/record";
          "eu-central-1/ec2/node/vpc" -> "eu-central-1/ec2/node/subnet \"a\" \\ #1" [style=dashed];
        }
        "#);
    }

    #[test]
    fn in_mermaid() {
        insta::assert_snapshot!(mermaid(&sample::graph()), @r#"
        flowchart LR
          subgraph s0["global"]
            n0["ec2/node<br/>record"]
          end
          subgraph s1["eu-central-1"]
            n1["ec2/node<br/>subnet #34;a#34; \ #35;1"]
            n2["ec2/node<br/>vpc"]
          end
          n1 --> n0
          n2 --> n0
          n2 -.-> n1
        "#);
    }
}
