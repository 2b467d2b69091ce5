//! Pure decisions: from facts to what is granted, or to the rule that refuses.

mod audience;
mod decision;
mod scope;

pub use audience::{AudienceFacts, audience};
pub use decision::{Refusal, Rule};
pub use scope::{ScopeFacts, scope};
