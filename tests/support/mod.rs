//! The native driver: requests against the core, interleaved effect by effect from a seed, in a world
//! whose faults and clock the test commands. No runtime, no real time, no real entropy.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

pub mod ciba;
pub mod deployment;
pub mod exchange;
pub mod front_end;
pub mod gateway;
pub mod store;
pub mod world;

pub use ciba::*;
pub use deployment::*;
pub use exchange::*;
pub use world::{Fault, Id, World};
