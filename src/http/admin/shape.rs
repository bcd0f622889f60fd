//! The shapes of bodies, for the OpenAPI document.

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// The name and the schema of a body's type, and of the types within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: fn() -> String,
    pub(super) collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    /// The shape of `T`.
    pub(super) const fn of<T: ToSchema>() -> Self {
        Self { name: name::<T>, collect: collect::<T> }
    }
}

fn name<T: ToSchema>() -> String {
    T::name().into_owned()
}

fn collect<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((name::<T>(), T::schema()));
    T::schemas(schemas);
}

/// A part of a list, and how to ask for the next.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    /// What was found, in the order of its key.
    pub(super) items: Vec<T>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, Type};
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let cursor = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Send it as `cursor` for the next page; absent on the last."));
        ObjectBuilder::new()
            .property("items", items)
            .property("next_cursor", cursor)
            .required("items")
            .into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        collect::<T>(schemas);
    }
}
