// Submits the only form of a form_post response page. Without scripts, its button does the same.
document.forms[0].submit();
