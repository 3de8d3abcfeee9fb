//! Derives for the types of a protocol, which `sim` hands out beside the traits: `Named`, and `Flags`.
//!
//! Whoever derives a trait has it in scope, as `use sim::Named` brings both.
#![deny(missing_docs)]

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Ident, Lit, Result, Variant, parse_macro_input,
};

/// Names a value after its variant, or a struct after its type, in kebab-case: `RequestVote` is `request-vote`.
///
/// `#[named(…)]` on a variant gives another name, as any expression: a text, or what depends on the fields, which are
/// bound by their names; of a variant without names the first field is called `it`.
///
/// ```text
/// #[derive(Named)]
/// enum Msg {
///     Prepare { tx: u64 },                                      // prepare
///     #[named(if *yes { "vote-yes" } else { "vote-no" })]
///     Vote { tx: u64, yes: bool },
///     #[named(it.name())]
///     Change(Change),                                           // as the change is called
/// }
/// ```
#[proc_macro_derive(Named, attributes(named))]
pub fn named(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_named(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Finds the flags of a struct of `bool`s by their names in kebab-case, and makes a constant of each that says what people
/// are told of it: its title from `#[title("…")]`, its summary from its documentation. `#[named("…")]` gives another name.
///
/// ```text
/// #[derive(Clone, Default, PartialEq, Flags)]
/// struct Bugs {
///     /// The vote is kept in memory only.
///     #[title("forgets its vote")]
///     forgets_vote: bool,                                       // Bugs::FORGETS_VOTE, called forgets-vote
/// }
/// ```
#[proc_macro_derive(Flags, attributes(named, title))]
pub fn flags(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_flags(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implement_named(input: &DeriveInput) -> Result<TokenStream> {
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let (ident, name) = (&input.ident, kebab(&input.ident));
    let body = match &input.data {
        Data::Struct(_) => quote!(#name),
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(arm).collect::<Result<Vec<_>>>()?;
            quote!(match self { #(#arms)* })
        }
        Data::Union(_) => return Err(Error::new_spanned(ident, "a union has no name")),
    };
    Ok(quote! {
        impl #impl_generics Named for #ident #type_generics #where_clause {
            #[allow(unused_variables)]
            fn name(&self) -> &'static str {
                #body
            }
        }
    })
}

fn arm(variant: &Variant) -> Result<TokenStream> {
    let (ident, name) = (&variant.ident, kebab(&variant.ident));
    let Some(given) = given("named", &variant.attrs)? else { return Ok(quote!(Self::#ident { .. } => #name,)) };
    let fields = match &variant.fields {
        Fields::Named(fields) => {
            let fields = fields.named.iter().map(|field| &field.ident);
            quote!({ #(#fields),* })
        }
        Fields::Unnamed(_) => quote!((it, ..)),
        Fields::Unit => quote!(),
    };
    Ok(quote!(Self::#ident #fields => #given,))
}

fn implement_flags(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let Data::Struct(data) = &input.data else { return Err(Error::new_spanned(ident, "flags are fields of a struct")) };
    let (mut arms, mut constants) = (Vec::new(), Vec::new());
    for Field { ident: flag, attrs, vis, .. } in &data.fields {
        let Some(flag) = flag else { return Err(Error::new_spanned(ident, "a flag has a name")) };
        let derived = kebab(flag);
        let name = given("named", attrs)?.unwrap_or_else(|| quote!(#derived));
        let title = given("title", attrs)?.ok_or_else(|| Error::new_spanned(flag, "a flag has a title"))?;
        let (constant, summary) = (format_ident!("{}", flag.to_string().to_uppercase()), documentation(attrs)?);
        arms.push(quote!(#name => flags.#flag = true,));
        constants.push(quote!(#[doc = #summary] #vis const #constant: Flag = Flag { name: #name, title: #title, summary: #summary };));
    }
    Ok(quote! {
        #[allow(dead_code)]
        impl #ident {
            #(#constants)*
        }

        impl Flags for #ident {
            fn only(name: &str) -> Option<Self> {
                let mut flags = Self::default();
                match name {
                    #(#arms)*
                    _ => return None,
                }
                Some(flags)
            }
        }
    })
}

/// What stands in `#[key(…)]`.
fn given(key: &str, attributes: &[Attribute]) -> Result<Option<TokenStream>> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident(key));
    attribute.map(|attribute| Ok(attribute.meta.require_list()?.tokens.clone())).transpose()
}

/// The lines of a documentation as one.
fn documentation(attributes: &[Attribute]) -> Result<String> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &attribute.meta.require_name_value()?.value {
            lines.push(line.value().trim().to_owned());
        }
    }
    Ok(lines.join(" "))
}

/// `RequestVote` and `request_vote` as `request-vote`.
fn kebab(ident: &Ident) -> String {
    let mut words = String::new();
    for letter in ident.to_string().chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.extend(if letter == '_' { '-' } else { letter }.to_lowercase());
    }
    words
}
