//! Nothing of its own: the tests are in `story/`, and drive the built `globe` from outside.
