//! The table of layers.

/// What one package may be built with. What its tests use is its own affair.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// The package.
    pub name: &'static str,
    /// The packages of this workspace that it may use.
    pub may_use: &'static [&'static str],
    /// Whether it may name crates called `aws-*`.
    pub sdk: bool,
}

const fn layer(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { name, may_use, sdk: false }
}

const fn with_sdk(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { name, may_use, sdk: true }
}

/// All packages, in the order in which a command passes through them. Planner, engine, store and aws do not know each
/// other; they meet in `globe`.
pub const LAYERS: &[Layer] = &[
    layer("globe-model", &[]),
    layer("globe-config", &["globe-model"]),
    layer("globe-graph", &["globe-model"]),
    layer("globe-blueprint", &["globe-model", "globe-config", "globe-graph", "globe-aws"]),
    layer("globe-planner", &["globe-model", "globe-graph"]),
    layer("globe-engine", &["globe-model", "globe-graph"]),
    layer("globe-store", &["globe-model"]),
    with_sdk("globe-aws", &["globe-model"]),
    with_sdk("globe-sandbox", &[]),
    layer("globe-report", &["globe-model", "globe-graph"]),
    with_sdk(
        "globe",
        &[
            "globe-model",
            "globe-config",
            "globe-graph",
            "globe-blueprint",
            "globe-planner",
            "globe-engine",
            "globe-store",
            "globe-aws",
            "globe-sandbox",
            "globe-report",
        ],
    ),
    layer("xtask", &["globe-config"]),
    layer("globe-e2e", &[]),
];
