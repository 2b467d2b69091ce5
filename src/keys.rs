//! An issuer's signing keys: who holds them, what is published, which one signs.

use crate::host::{Failure, Host, SignJob};
use crate::jose::{Algorithm, Jwk, SigningKey, jws};

/// A signing key of an issuer.
#[derive(Debug)]
pub struct IssuerKey {
    /// Key id.
    pub kid: String,
    /// The one algorithm that it is used with.
    pub alg: Algorithm,
    /// Its public part, as published.
    pub public: Jwk,
    signer: Signer,
}

/// Who signs.
#[derive(Debug)]
pub enum Signer {
    /// The host, which holds the private key under this binding's name.
    Host(String),
    /// The core.
    Core(Box<SigningKey>),
}

impl IssuerKey {
    /// A key that `signer` signs with.
    pub const fn new(kid: String, alg: Algorithm, public: Jwk, signer: Signer) -> Self {
        Self { kid, alg, public, signer }
    }

    /// Signs JWTs of one kind, all at once.
    ///
    /// # Errors
    /// [`Failure`] where the host, or the core's own signer, could not sign: never a lesser signature.
    pub async fn sign(&self, host: &Host, typ: &str, payloads: Vec<String>) -> Result<Vec<String>, Failure> {
        let header = jws::encode_header(self.alg, typ, &self.kid);
        let inputs: Vec<String> =
            payloads.iter().map(|payload| jws::signing_input(&header, payload.as_bytes())).collect();
        match &self.signer {
            Signer::Host(binding) => {
                let jobs = inputs.iter().map(|input| SignJob {
                    key: binding.clone(),
                    alg: self.alg.name(),
                    input: input.as_bytes().to_vec(),
                });
                let signatures = host.sign(jobs.collect()).await?;
                Ok(inputs.into_iter().zip(&signatures).map(|(input, s)| jws::assemble(input, s)).collect())
            }
            Signer::Core(key) => inputs
                .into_iter()
                .map(|input| {
                    let signature = key.sign(input.as_bytes(), &mut *host.rng());
                    signature
                        .map(|signature| jws::assemble(input, &signature))
                        .map_err(|error| Failure { effect: "sign".into(), message: error.to_string() })
                })
                .collect(),
        }
    }
}
