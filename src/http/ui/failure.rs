//! What goes wrong on a page, as a page.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{messages, step};
use crate::{
    http::{
        App, Explain,
        oauth::answer::note,
        view::{self, DisplayText, ErrorPage, Explanation},
    },
    protocol::{
        authorize::response::Delivery,
        error::{ErrorCode, OAuthError},
    },
    service::{ServiceError, authorize::FlowFailure, flow::FlowError, sign_in::SignInError},
    types::origin::Origin,
};

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request of an app breaks a rule, and nobody knows where to send it back to.
    Request(OAuthError),
    /// The request of an app breaks a rule by now, and the app is told.
    Refused {
        /// The answer.
        delivery: Box<Delivery>,
        /// The languages that the user reads.
        ui_locales: Vec<String>,
    },
    /// The page is too old, of another browser, or was finished elsewhere.
    Expired,
    /// The request was answered before.
    Answered,
    /// The form was not sent by a page of ours to this browser.
    ForeignForm,
    /// The body is no form.
    NotAForm,
    /// There is no such page.
    NotFound,
    /// Too many tries: the time to wait.
    Wait(Duration),
    /// A service failed.
    Service(ServiceError),
}

impl From<FlowFailure> for Failure {
    fn from(failure: FlowFailure) -> Self {
        match failure {
            FlowFailure::Page(error) => Self::Request(error),
            FlowFailure::Refused { delivery, ui_locales } => Self::Refused { delivery, ui_locales },
            FlowFailure::Flow(FlowError::Expired | FlowError::Foreign) | FlowFailure::Outdated => {
                Self::Expired
            }
            FlowFailure::Answered => Self::Answered,
            FlowFailure::Service(error) => Self::from(error),
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(refusal) => Self::Request(refusal),
            ServiceError::Wait(wait) => Self::Wait(wait),
            other @ (ServiceError::Busy(_)
            | ServiceError::Unavailable(_)
            | ServiceError::Internal(_)) => Self::Service(other),
        }
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Failed | SignInError::TooLong => Self::Request(OAuthError::new(
                ErrorCode::InvalidRequest,
                "the name or the password cannot be read",
            )),
            SignInError::Wait(wait) => Self::Wait(wait),
            SignInError::Service(error) => error.into(),
        }
    }
}

impl Failure {
    /// The error page, whose id is the request's, which the log knows; or what the app is told.
    pub(crate) fn respond(self, app: &App, headers: &HeaderMap, origin: &Origin) -> Response {
        if let Self::Refused { delivery, ui_locales } = self {
            return step::answer(headers, *delivery, &ui_locales);
        }
        self.log(origin);
        let (status, explanation, error) = self.told();
        let refusal = match &self {
            Self::Request(refusal) => Some(refusal),
            Self::Refused { .. }
            | Self::Expired
            | Self::Answered
            | Self::ForeignForm
            | Self::NotAForm
            | Self::NotFound
            | Self::Wait(_)
            | Self::Service(_) => None,
        };
        let hint = refusal.and_then(|refusal| refusal.hint.as_deref());
        let page = ErrorPage {
            t: messages(headers, &[]),
            explanation,
            error: DisplayText::new(error),
            description: refusal.map(|refusal| DisplayText::new(refusal.description)),
            error_id: origin.request_id.clone(),
            hint: match app.explain {
                Explain::ToDevelopers => hint.map(DisplayText::new),
                Explain::ToTheLog => None,
            },
            back: None,
        };
        let mut response = view::render(status, &page);
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    const fn told(&self) -> (StatusCode, Explanation, &'static str) {
        match self {
            Self::Request(refusal) => {
                (StatusCode::BAD_REQUEST, Explanation::ClientRequest, refusal.code.as_str())
            }
            Self::Refused { .. } | Self::Expired => {
                (StatusCode::BAD_REQUEST, Explanation::Expired, "invalid_request")
            }
            Self::Answered => (StatusCode::CONFLICT, Explanation::Expired, "invalid_request"),
            Self::ForeignForm => (StatusCode::FORBIDDEN, Explanation::Expired, "access_denied"),
            Self::NotAForm => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, Explanation::Expired, "invalid_request")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, Explanation::NotFound, "not_found"),
            Self::Wait(_) => {
                (StatusCode::TOO_MANY_REQUESTS, Explanation::TooMany, "temporarily_unavailable")
            }
            Self::Service(ServiceError::Busy(_) | ServiceError::Unavailable(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, Explanation::Busy, "temporarily_unavailable")
            }
            Self::Service(
                ServiceError::Refused(_) | ServiceError::Wait(_) | ServiceError::Internal(_),
            ) => (StatusCode::INTERNAL_SERVER_ERROR, Explanation::Fault, "server_error"),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Wait(wait) | Self::Service(ServiceError::Busy(wait)) => {
                Some(wait.as_secs().max(1))
            }
            Self::Service(ServiceError::Unavailable(_)) => Some(1),
            Self::Service(
                ServiceError::Refused(_) | ServiceError::Wait(_) | ServiceError::Internal(_),
            )
            | Self::Request(_)
            | Self::Refused { .. }
            | Self::Expired
            | Self::Answered
            | Self::ForeignForm
            | Self::NotAForm
            | Self::NotFound => None,
        }
    }

    fn log(&self, origin: &Origin) {
        match self {
            Self::Request(refusal) => note(refusal, origin),
            Self::Service(error) => {
                tracing::error!(request_id = origin.request_id, %error, "a page failed");
            }
            Self::Refused { .. }
            | Self::Expired
            | Self::Answered
            | Self::ForeignForm
            | Self::NotAForm
            | Self::NotFound
            | Self::Wait(_) => {}
        }
    }
}
