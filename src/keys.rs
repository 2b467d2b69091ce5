//! An issuer's signing keys: who holds them, what is published, which one signs.

use serde_json::{Map, Value};

use crate::host::{Failure, Host};
use crate::jose::batch::{self, Inputs};
use crate::jose::{Algorithm, Jwk, KeyError, SigningKey, VerifyingKey, jws};

/// A signing key of an issuer.
#[derive(Debug)]
pub struct IssuerKey {
    /// Key id.
    pub kid: String,
    /// The one algorithm that it is used with.
    pub alg: Algorithm,
    /// Its public part, as it may be published; `None` for a secret, which nobody but the issuer can verify with.
    pub public: Option<Jwk>,
    /// What verifies its signatures.
    pub verifying_key: VerifyingKey,
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
    /// A key that `signer` signs with. `jwk`: its public part, or more than that.
    ///
    /// # Errors
    /// Where it does not verify `alg`.
    pub fn new(kid: String, alg: Algorithm, jwk: &Jwk, signer: Signer) -> Result<Self, KeyError> {
        let public = jwk.public();
        let verifying_key = VerifyingKey::new(public.as_ref().unwrap_or(jwk), alg)?;
        Ok(Self { kid, alg, public, verifying_key, signer })
    }

    /// The encoded header of its tokens of one kind.
    pub fn header(&self, typ: &str) -> String {
        jws::encode_header(self.alg, typ, &self.kid)
    }

    /// Signs JWTs of one kind, all at once.
    ///
    /// # Errors
    /// [`Failure`] where the host, or the core's own signer, could not sign: never a lesser signature.
    pub async fn sign(&self, host: &Host, typ: &str, payloads: Vec<String>) -> Result<Vec<String>, Failure> {
        self.sign_under(host, &self.header(typ), payloads).await
    }

    /// Signs an id token, with `more` header parameters.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub async fn sign_id_token(
        &self,
        host: &Host,
        more: &Map<String, Value>,
        payload: String,
    ) -> Result<String, Failure> {
        let header = jws::encode_header_with(self.alg, "JWT", &self.kid, more);
        let signed = self.sign_under(host, &header, vec![payload]).await?;
        signed.into_iter().next().ok_or_else(|| failure("nothing was signed"))
    }

    async fn sign_under(
        &self,
        host: &Host,
        header: &str,
        payloads: Vec<String>,
    ) -> Result<Vec<String>, Failure> {
        let inputs: Vec<String> =
            payloads.iter().map(|payload| jws::signing_input(header, payload.as_bytes())).collect();
        let together = Inputs::of(&inputs).ok_or_else(|| failure("more than can be signed at once"))?;
        let signatures = self.sign_inputs(host, &together).await?;
        let length = signatures.len().checked_div(inputs.len()).unwrap_or_default().max(1);
        let each = signatures.chunks_exact(length);
        Ok(inputs.into_iter().zip(each).map(|(input, signature)| jws::assemble(input, signature)).collect())
    }

    /// Signs what was made ready before, under [`Self::header`]: the signatures, one after the other in the
    /// order of the inputs, all of one length, as [`Inputs::assemble`] takes them.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub async fn sign_inputs(&self, host: &Host, inputs: &Inputs) -> Result<Vec<u8>, Failure> {
        match &self.signer {
            Signer::Host(binding) => host.sign(binding, self.alg, inputs).await,
            Signer::Core(key) => batch::sign(key, inputs, &mut *host.rng()).map_err(failure),
        }
    }
}

fn failure(message: impl std::fmt::Display) -> Failure {
    Failure { effect: "sign".into(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::host::{Effect, Hooks, Mailbox, Outgoing, Reply};
    use crate::jose::jws::Unverified;
    use crate::time::Timestamp;

    /// Signs ten tokens of one kind; where the host is asked, it signs with `key`, input by input.
    fn sign(issuer_key: &IssuerKey, key: &SigningKey) -> Vec<String> {
        let mailbox = Rc::new(Mailbox::default());
        let host = Host::new(Rc::clone(&mailbox), Timestamp::from_seconds(0), [1; 32], Hooks::default());
        let payloads = (0..10).map(|i| format!("{{\"sub\":\"{}\"}}", "x".repeat(i))).collect();
        let mut signing = pin!(issuer_key.sign(&host, "JWT", payloads));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(tokens) = signing.as_mut().poll(&mut context) {
                return tokens.unwrap();
            }
            let Some(Outgoing::Effect(Effect::Sign { inputs, ends, .. })) = mailbox.out.take() else {
                panic!("only signatures are asked for");
            };
            let inputs = Inputs::from_parts(inputs, ends).unwrap();
            let mut rng = ChaCha20Rng::seed_from_u64(2);
            let signatures: Vec<u8> =
                inputs.iter().flat_map(|input| key.sign(input, &mut rng).unwrap()).collect();
            mailbox.reply.set(Some(Reply::Signatures(signatures.into())));
        }
    }

    #[test]
    fn many_signatures_stand_with_their_inputs_whoever_makes_them() {
        for (alg, in_core) in [
            (Algorithm::Es256, false),
            (Algorithm::Es256, true),
            (Algorithm::Rs256, true),
            (Algorithm::Hs256, true),
        ] {
            let key = SigningKey::generate(alg, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
            let jwk = key.to_jwk();
            let signer = if in_core {
                Signer::Core(Box::new(SigningKey::new(&jwk, alg).unwrap()))
            } else {
                Signer::Host("KEY".into())
            };
            let issuer_key = IssuerKey::new("generator".into(), alg, &jwk, signer).unwrap();
            assert_eq!(issuer_key.public.is_none(), alg == Algorithm::Hs256);
            for (i, token) in sign(&issuer_key, &key).into_iter().enumerate() {
                let verified = Unverified::parse(&token).unwrap().verify(&issuer_key.verifying_key).unwrap();
                let expected = format!("{{\"sub\":\"{}\"}}", "x".repeat(i));
                assert_eq!(verified.payload(), expected.as_bytes(), "{alg}");
            }
        }
    }
}
