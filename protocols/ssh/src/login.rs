//! Logging in: RFC 4252, and RFC 4256 where the server asks with prompts.

use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use crate::access::Login;
use crate::algorithms::Offer;
use crate::caller::Caller;

/// How often an interactive login may ask.
const MOST_PROMPTS: u32 = 5;

/// What came of a login.
pub(crate) enum Admission {
    Granted,
    PasswordNeeded,
    /// The ways that the server takes.
    Denied(String),
}

/// Knocks with nothing, then with the key, then with the password, as far as the server takes them.
pub(crate) async fn admit(
    handle: &mut Handle<Caller>,
    login: &Login,
    offer: Offer,
) -> Result<Admission, russh::Error> {
    let user = login.user.as_str();
    let AuthResult::Failure { remaining_methods: mut methods, .. } = handle.authenticate_none(user).await?
    else {
        return Ok(Admission::Granted);
    };
    if let Some(file) = &login.key
        && methods.contains(&MethodKind::PublicKey)
    {
        for hash in signature_hashes(handle, file.key().algorithm().is_rsa(), offer).await? {
            let key = PrivateKeyWithHashAlg::new(Arc::new(file.key().clone()), hash);
            match handle.authenticate_publickey(user, key).await? {
                AuthResult::Success => return Ok(Admission::Granted),
                AuthResult::Failure { remaining_methods, .. } => methods = remaining_methods,
            }
        }
    }
    let takes_password =
        methods.contains(&MethodKind::Password) || methods.contains(&MethodKind::KeyboardInteractive);
    let Some(password) = login.password.as_ref().map(|secret| secret.reveal()) else {
        return Ok(if takes_password { Admission::PasswordNeeded } else { denied(&methods) });
    };
    if methods.contains(&MethodKind::Password) {
        match handle.authenticate_password(user, password).await? {
            AuthResult::Success => return Ok(Admission::Granted),
            AuthResult::Failure { remaining_methods, .. } => methods = remaining_methods,
        }
    }
    if methods.contains(&MethodKind::KeyboardInteractive) && answer_prompts(handle, user, password).await? {
        return Ok(Admission::Granted);
    }
    Ok(denied(&methods))
}

/// The hashes to try a key with. SHA-1 only where everything else is old, too.
async fn signature_hashes(
    handle: &Handle<Caller>,
    is_rsa: bool,
    offer: Offer,
) -> Result<Vec<Option<HashAlg>>, russh::Error> {
    if !is_rsa {
        return Ok(vec![None]);
    }
    // Servers that do not say what they take are mostly older than the question. What others say may be more than they take.
    let told = handle.best_supported_rsa_hash().await?.flatten();
    let mut hashes = vec![Some(told.unwrap_or(HashAlg::Sha256))];
    hashes.extend((offer == Offer::Old).then_some(None));
    Ok(hashes)
}

/// Gives the password to an interactive login that asks for one thing, unseen (RFC 4256).
async fn answer_prompts(
    handle: &mut Handle<Caller>,
    user: &str,
    password: &str,
) -> Result<bool, russh::Error> {
    let mut reply = handle.authenticate_keyboard_interactive_start(user, None).await?;
    for _ in 0..MOST_PROMPTS {
        let prompts = match reply {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        // A password is not shown where it would be echoed, nor given where something else is asked for, too.
        let answers = match prompts.as_slice() {
            [] => vec![],
            [only] if !only.echo => vec![password.to_owned()],
            _ => return Ok(false),
        };
        reply = handle.authenticate_keyboard_interactive_respond(answers).await?;
    }
    Ok(matches!(reply, KeyboardInteractiveAuthResponse::Success))
}

fn denied(methods: &MethodSet) -> Admission {
    let names: Vec<&str> = methods.iter().map(Into::into).collect();
    Admission::Denied(if names.is_empty() { "nothing more".into() } else { names.join(", ") })
}
