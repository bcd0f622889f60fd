//! TLS 1.3 and 1.2 (RFC 9325), from certificate files that may change while the server runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

/// How often the files are looked at.
const WATCH: Duration = Duration::from_secs(10);

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate file cannot be read, or holds no certificate.
    #[error("`tls.certificate` ({}): {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: pem::Error,
    },
    /// The key file cannot be read, or holds no private key.
    #[error("`tls.key` ({}): {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: pem::Error,
    },
    /// The two do not belong together, or the key is of a kind that is not supported.
    #[error("`tls.certificate` and `tls.key`: {0}")]
    Pair(#[from] rustls::Error),
}

/// Makes aws-lc-rs the cryptography of every TLS connection of the process, incoming and outgoing.
/// To be called first; further calls do nothing.
pub fn install_crypto_provider() {
    // The error says that a provider is installed already: the first call's, which is the same.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// The certificate and its key, as they are in their files now.
#[derive(Clone)]
pub(super) struct Certificate {
    files: Files,
    live: RustlsConfig,
    seen: Fingerprint,
}

#[derive(Debug, Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What changes when one of the two files is written: modification time and length of each.
type Fingerprint = [Option<(SystemTime, u64)>; 2];

/// What a look at the files led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// The files are as they were.
    Unchanged,
    /// New connections get the new certificate.
    Done,
    /// The new files cannot be used; the old certificate stays.
    Refused,
}

impl Certificate {
    /// Reads the two PEM files.
    pub(super) fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let seen = files.fingerprint();
        let live = RustlsConfig::from_config(Arc::new(files.server_config()?));
        Ok(Self { files, live, seen })
    }

    /// What the acceptor reads for every new connection.
    pub(super) fn acceptor_config(&self) -> RustlsConfig {
        self.live.clone()
    }

    /// Looks at the files for ever. Connections that stand keep the certificate they began with.
    pub(super) async fn watch(mut self) {
        let mut ticks = tokio::time::interval(WATCH);
        loop {
            ticks.tick().await;
            self.reload();
        }
    }

    /// Reads the files again if they have changed. Two files cannot be replaced in one step: the
    /// first look may find a pair that does not fit, the next one the whole.
    pub(super) fn reload(&mut self) -> Reload {
        let now = self.files.fingerprint();
        if now == self.seen {
            return Reload::Unchanged;
        }
        self.seen = now;
        match self.files.server_config() {
            Ok(config) => {
                self.live.reload_from_config(Arc::new(config));
                tracing::info!("the TLS certificate was read again");
                Reload::Done
            }
            Err(error) => {
                tracing::error!(%error, "the new TLS certificate cannot be used: the old one stays");
                Reload::Refused
            }
        }
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Files {
    fn fingerprint(&self) -> Fingerprint {
        [&self.certificate, &self.key].map(|path| {
            let file = std::fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        })
    }

    /// The provider's suites are all AEAD with an ephemeral key exchange, which a test holds true.
    fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let broken = |reason| TlsError::Certificate { path: self.certificate.clone(), reason };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(broken)?;
        if chain.is_empty() {
            return Err(broken(pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|reason| TlsError::Key { path: self.key.clone(), reason })?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_aead_with_forward_secrecy() {
        for suite in &provider().cipher_suites {
            let name = format!("{:?}", suite.suite());
            let thirteen = name.starts_with("TLS13_");
            assert!(thirteen || name.starts_with("TLS_ECDHE_"), "{name}");
            assert!(name.contains("GCM") || name.contains("CHACHA20_POLY1305"), "{name}");
        }
    }
}
