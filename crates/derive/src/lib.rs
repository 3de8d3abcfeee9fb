//! Derives for the types of a protocol, which `sim` hands out beside the traits: `Named`, `Shared`, `Variants`,
//! `Operation`, `Flags`, `Params` and `Param`.
#![deny(missing_docs)]

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Ident, Lit, LitStr, Member, Meta, PathArguments,
    PathSegment, Result, Token, Type, TypePath, Variant, parse_macro_input,
};

/// Names a value after its variant, or a struct after its type, in kebab-case: `RequestVote` is `request-vote`.
///
/// `#[named(…)]` on a variant gives another name, as any expression: a text, or what depends on the fields, which are
/// bound by their names. A variant with `#[inner]` is called as its only field is.
///
/// ```text
/// #[derive(Named)]
/// enum Msg {
///     Prepare { tx: u64 },                                      // prepare
///     #[named(if *yes { "vote-yes" } else { "vote-no" })]
///     Vote { tx: u64, yes: bool },
///     #[inner]
///     Change(Change),                                           // as the change is called
/// }
/// ```
#[proc_macro_derive(Named, attributes(named, inner))]
pub fn named(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_named(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Hands out fields that all variants of an enum have: `#[shared(tx: Tx)]` makes a method `tx` that copies it, and
/// `#[shared(key: &str)]` one that lends it.
///
/// ```text
/// #[derive(Named, Shared)]
/// #[shared(tx: Tx)]
/// enum Msg {
///     Prepare { tx: Tx, parts: Parts },
///     Vote { tx: Tx, yes: bool },
/// }
/// ```
#[proc_macro_derive(Shared, attributes(shared))]
pub fn shared(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_shared(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Hands out what is in the variants of an enum that have one field each: a variant `Server(Box<Server>)` makes a method
/// `server`, which lends the server if it is one.
#[proc_macro_derive(Variants)]
pub fn variants(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_variants(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes operations of their names (see `Named`) and arguments, which are their fields in order, and takes them apart. A
/// variant with `#[inner]` is whatever operation its only field is.
#[proc_macro_derive(Operation, attributes(inner))]
pub fn operation(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_operation(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Finds the flags of a struct of `bool`s by their names in kebab-case, and makes a constant of each that says what
/// people are told of it: its title from `#[title("…")]`, its summary from its documentation. `#[named("…")]` gives
/// another name.
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

/// Fills in the fields of a configuration by the keys of parameters. `#[param("…")]` on a field gives the key; without a
/// text it is the field's name in kebab-case. The unit that a key ends in is that of its field; only what a key has in ms a
/// field may have in µs. Fields without the attribute are no parameters.
///
/// ```text
/// #[derive(Clone, Debug, Default, Hash, Params)]
/// struct Config {
///     #[param]
///     participants: u32,                                        // participants
///     #[param("timeout-ms")]
///     timeout_us: u64,                                          // a thousand times what is set
///     bugs: Bugs,
/// }
/// ```
#[proc_macro_derive(Params, attributes(param))]
pub fn params(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_params(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Lets a parameter choose one of the variants of an enum, which it counts from 0; beyond the last it is the default.
#[proc_macro_derive(Param)]
pub fn param(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_param(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implement_named(input: &DeriveInput) -> Result<TokenStream> {
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let (ident, name) = (&input.ident, name(&input.ident, &input.attrs)?);
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
        impl #impl_generics ::sim::Named for #ident #type_generics #where_clause {
            #[allow(unused_variables)]
            fn name(&self) -> &'static str {
                #body
            }
        }
    })
}

fn arm(variant: &Variant) -> Result<TokenStream> {
    let (ident, name) = (&variant.ident, name(&variant.ident, &variant.attrs)?);
    Ok(match &variant.fields {
        Fields::Named(fields) => {
            let fields = fields.named.iter().map(|field| &field.ident);
            quote!(Self::#ident { #(#fields),* } => #name,)
        }
        _ if is_inner(variant) => quote!(Self::#ident(it) => ::sim::Named::name(it),),
        _ => quote!(Self::#ident { .. } => #name,),
    })
}

fn implement_shared(input: &DeriveInput) -> Result<TokenStream> {
    let DeriveInput { ident, vis, .. } = input;
    let Data::Enum(data) = &input.data else { return Err(Error::new_spanned(ident, "only variants share fields")) };
    let variants: Vec<&Ident> = data.variants.iter().map(|variant| &variant.ident).collect();
    let given = input.attrs.iter().filter(|attribute| attribute.path().is_ident("shared"));
    let methods = given.map(|attribute| {
        let SharedField { field, kind } = attribute.parse_args()?;
        let value = if matches!(kind, Type::Reference(_)) { quote!(#field) } else { quote!(*#field) };
        let documentation = format!("The field `{field}`, which all of them have.");
        Ok(quote! {
            #[doc = #documentation]
            #[must_use]
            #vis fn #field(&self) -> #kind {
                match self {
                    #(Self::#variants { #field, .. })|* => #value,
                }
            }
        })
    });
    let methods = methods.collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        impl #ident {
            #(#methods)*
        }
    })
}

/// `tx: Tx`.
struct SharedField {
    field: Ident,
    kind: Type,
}

impl Parse for SharedField {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let field = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self { field, kind: input.parse()? })
    }
}

fn implement_variants(input: &DeriveInput) -> Result<TokenStream> {
    let DeriveInput { ident, vis, .. } = input;
    let Data::Enum(data) = &input.data else { return Err(Error::new_spanned(ident, "only enums have variants")) };
    let methods = data.variants.iter().map(|Variant { ident, fields, .. }| {
        let Some(Field { ty, .. }) = fields.iter().next().filter(|_| fields.len() == 1) else {
            return Err(Error::new_spanned(ident, "a variant that is handed out has one field"));
        };
        let (method, kind) = (format_ident!("{}", kebab(ident).replace('-', "_")), unboxed(ty));
        let documentation = format!("The `{ident}`, if it is one.");
        Ok(quote! {
            #[doc = #documentation]
            #[must_use]
            #[allow(dead_code)]
            #vis fn #method(&self) -> Option<&#kind> {
                if let Self::#ident(it) = self { Some(it) } else { None }
            }
        })
    });
    let methods = methods.collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        impl #ident {
            #(#methods)*
        }
    })
}

/// What is in a box, or the type itself.
fn unboxed(kind: &Type) -> TokenStream {
    if let Type::Path(TypePath { path, .. }) = kind
        && let Some(PathSegment { ident, arguments: PathArguments::AngleBracketed(arguments) }) = path.segments.last()
        && ident == "Box"
    {
        let inner = &arguments.args;
        quote!(#inner)
    } else {
        quote!(#kind)
    }
}

fn implement_operation(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let (mut read, mut inner, mut args) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |path: TokenStream, name: TokenStream, fields: &Fields| {
        // A field without a name has its place instead, by which it can be given and bound as well.
        let members: Vec<Member> = fields.members().collect();
        let bound: Vec<Ident> = (0..members.len()).map(|place| format_ident!("field_{place}")).collect();
        read.push(quote!(#name => Some(#path { #(#members: ::sim::operation::Argument::take(args)?),* }),));
        args.push(quote!(#path { #(#members: #bound),* } => vec![#(::sim::operation::Argument::arg(#bound)),*],));
    };
    match &input.data {
        Data::Struct(data) => add(quote!(Self), name(ident, &input.attrs)?, &data.fields),
        Data::Enum(data) => {
            for variant in &data.variants {
                let case = &variant.ident;
                if is_inner(variant) {
                    inner.push(case);
                } else {
                    add(quote!(Self::#case), name(case, &variant.attrs)?, &variant.fields);
                }
            }
        }
        Data::Union(_) => return Err(Error::new_spanned(ident, "a union is no operation")),
    }
    Ok(quote! {
        impl ::sim::Operation for #ident {
            #[allow(unused_variables)]
            fn read(name: &str, args: &mut ::sim::Args) -> Option<Self> {
                #(if let Some(it) = ::sim::Operation::read(name, args) {
                    return Some(Self::#inner(it));
                })*
                match name {
                    #(#read)*
                    _ => None,
                }
            }

            fn args(&self) -> Vec<::sim::Arg> {
                match self {
                    #(#args)*
                    #(Self::#inner(it) => ::sim::Operation::args(it),)*
                }
            }
        }
    })
}

fn implement_flags(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let Data::Struct(data) = &input.data else { return Err(Error::new_spanned(ident, "flags are fields of a struct")) };
    let (mut arms, mut constants) = (Vec::new(), Vec::new());
    for Field { ident: flag, attrs, vis, .. } in &data.fields {
        let Some(flag) = flag else { return Err(Error::new_spanned(ident, "a flag has a name")) };
        let name = name(flag, attrs)?;
        let title = given("title", attrs)?.ok_or_else(|| Error::new_spanned(flag, "a flag has a title"))?;
        let (constant, summary) = (format_ident!("{}", flag.to_string().to_uppercase()), documentation(attrs)?);
        arms.push(quote!(#name => flags.#flag = true,));
        constants.push(quote! {
            #[doc = #summary]
            #vis const #constant: ::sim::Flag = ::sim::Flag { name: #name, title: #title, summary: #summary };
        });
    }
    Ok(quote! {
        impl #ident {
            #(#constants)*
        }

        impl ::sim::Flags for #ident {
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

fn implement_params(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(ident, "a configuration is a struct"));
    };
    let (mut fields, mut keys, mut factors) = (Vec::new(), Vec::new(), Vec::new());
    for Field { ident: field, attrs, .. } in &data.fields {
        let attribute = attrs.iter().find(|attribute| attribute.path().is_ident("param"));
        let (Some(field), Some(attribute)) = (field, attribute) else { continue };
        let key = match &attribute.meta {
            Meta::Path(_) => kebab(field),
            meta => syn::parse2::<LitStr>(meta.require_list()?.tokens.clone())?.value(),
        };
        factors.push(match (unit(&key), unit(&kebab(field))) {
            (Some("ms"), Some("us")) => 1_000_u64,
            (one, other) if one == other => 1,
            _ => return Err(Error::new_spanned(attribute, format!("{key} and {field} differ in their units"))),
        });
        fields.push(field);
        keys.push(key);
    }
    let names: Vec<Ident> = (0..keys.len()).map(|place| format_ident!("KEY_{place}")).collect();
    Ok(quote! {
        impl ::sim::Params for #ident {
            const KEYS: &'static [&'static str] = &[#(#keys),*];

            #[allow(unused_variables)]
            fn set(&mut self, key: ::sim::ParamKey, (low, high): (u64, u64)) -> bool {
                #(const #names: ::sim::ParamKey = ::sim::ParamKey::of(#keys);)*
                match key {
                    #(#names => {
                        let value = (low.saturating_mul(#factors), high.saturating_mul(#factors));
                        self.#fields = ::sim::params::Param::of(value);
                    })*
                    _ => return false,
                }
                #[allow(unreachable_code)]
                true
            }
        }
    })
}

fn implement_param(input: &DeriveInput) -> Result<TokenStream> {
    let ident = &input.ident;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(ident, "what a parameter chooses is a variant of an enum"));
    };
    let (numbers, variants) = (0_u64.., data.variants.iter().map(|variant| &variant.ident));
    let arms = numbers.zip(variants).map(|(number, variant)| quote!(#number => Self::#variant,));
    Ok(quote! {
        impl ::sim::params::Param for #ident {
            fn of((number, _): (u64, u64)) -> Self {
                match number {
                    #(#arms)*
                    _ => Self::default(),
                }
            }
        }
    })
}

/// The unit that the name of a quantity ends in, if it has one.
fn unit(name: &str) -> Option<&str> {
    let (_, last) = name.rsplit_once('-')?;
    Some(last).filter(|last| ["us", "ms", "ppm"].contains(last))
}

/// What something is called.
fn name(ident: &Ident, attributes: &[Attribute]) -> Result<TokenStream> {
    let derived = kebab(ident);
    Ok(given("named", attributes)?.unwrap_or_else(|| quote!(#derived)))
}

/// Whether a variant is only what is in it.
fn is_inner(variant: &Variant) -> bool {
    variant.attrs.iter().any(|attribute| attribute.path().is_ident("inner"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> Option<String> {
        implement_params(&syn::parse_str(text).unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_key_in_another_unit_than_its_field_is_refused() {
        for fits in ["#[param(\"wait-ms\")] wait_us", "#[param] wait_us", "#[param] count", "count"] {
            assert_eq!(complaint(&format!("struct Config {{ {fits}: u64 }}")), None, "{fits}");
        }
        for (key, field) in [("wait-us", "wait_ms"), ("wait-ms", "wait"), ("drift", "drift_ppm")] {
            let text = format!("struct Config {{ #[param(\"{key}\")] {field}: u64 }}");
            assert_eq!(complaint(&text), Some(format!("{key} and {field} differ in their units")));
        }
    }
}
