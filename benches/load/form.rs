//! Reads the forms of the real pages: action, hidden inputs, buttons. Not HTML in general.

/// A form that can be sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it goes; empty for the page's own address.
    pub(crate) action: String,
    /// Its inputs, with the values that they had.
    pub(crate) inputs: Vec<(String, String)>,
    /// Its buttons: id, name and value.
    pub(crate) buttons: Vec<Button>,
}

/// A button of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The forms of a page, in order.
pub(crate) fn forms(page: &str) -> Vec<Form> {
    page.split("<form").skip(1).map(form).collect()
}

impl Form {
    /// Whether it has an input called `name`.
    pub(crate) fn has_input(&self, name: &str) -> bool {
        self.inputs.iter().any(|(input, _)| input == name)
    }

    /// The button with this id.
    pub(crate) fn button(&self, id: &str) -> Option<&Button> {
        self.buttons.iter().find(|button| button.id == id)
    }
}

/// `text` begins inside the opening tag.
fn form(text: &str) -> Form {
    let text = text.split("</form").next().unwrap_or_default();
    let opening = text.split('>').next().unwrap_or_default();
    let action = attribute(opening, "action").unwrap_or_default();
    let read = |tag: &str, name: &str| attribute(tag, name).unwrap_or_default();
    let inputs = tags(text, "<input").filter_map(|tag| {
        let name = attribute(tag, "name")?;
        Some((name, read(tag, "value")))
    });
    let buttons = tags(text, "<button").map(|tag| Button {
        id: read(tag, "id"),
        name: read(tag, "name"),
        value: read(tag, "value"),
    });
    Form { action, inputs: inputs.collect(), buttons: buttons.collect() }
}

/// The inside of every opening tag that begins with `start`.
fn tags<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).map(|rest| rest.split('>').next().unwrap_or_default())
}

/// The value of a quoted attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let (_, rest) = tag.split_once(&start)?;
    Some(unescape(rest.split('"').next().unwrap_or_default()))
}

/// Replaces the character references that template engines write.
fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.split_once(';').and_then(|(name, rest)| Some((character(name)?, rest)));
        if let Some((character, rest)) = known {
            plain.push(character);
            plain.push_str(rest);
        } else {
            plain.push('&');
            plain.push_str(part);
        }
    }
    plain
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
