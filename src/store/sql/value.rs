//! The values that statements take and rows hold, and their conversion from and to the program's types.

use std::rc::Rc;
use std::sync::Arc;

use crate::domain::Timestamp;

/// A value that a statement takes or a row holds. A boolean is an integer, 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    Null,
    Integer(i64),
    Text(&'v str),
    Blob(&'v [u8]),
}

impl Value<'_> {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Integer(_) => "integer",
            Self::Text(_) => "text",
            Self::Blob(_) => "blob",
        }
    }
}

/// A type that a statement takes as a value.
pub trait ToValue {
    fn to_value(&self) -> Value<'_>;
}

/// A type that is read from a column.
pub trait FromValue<'v>: Sized {
    /// `None`: the value is of another type, or out of range.
    fn from_value(value: Value<'v>) -> Option<Self>;
}

impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl ToValue for u32 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for u16 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for Timestamp {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(self.0)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for Rc<str> {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for Arc<str> {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        *self
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<'v> FromValue<'v> for i64 {
    fn from_value(value: Value<'v>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl<'v> FromValue<'v> for u32 {
    fn from_value(value: Value<'v>) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl<'v> FromValue<'v> for u16 {
    fn from_value(value: Value<'v>) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl<'v> FromValue<'v> for bool {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(i64::from_value(value)? != 0)
    }
}

impl<'v> FromValue<'v> for Timestamp {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(Self(i64::from_value(value)?))
    }
}

impl<'v> FromValue<'v> for &'v str {
    fn from_value(value: Value<'v>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'v> FromValue<'v> for String {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(<&str>::from_value(value)?.to_owned())
    }
}

impl<'v> FromValue<'v> for Arc<str> {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(<&str>::from_value(value)?.into())
    }
}

impl<'v, const N: usize> FromValue<'v> for [u8; N] {
    fn from_value(value: Value<'v>) -> Option<Self> {
        match value {
            Value::Blob(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}

impl<'v> FromValue<'v> for Value<'v> {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(value)
    }
}

impl<'v, T: FromValue<'v>> FromValue<'v> for Option<T> {
    fn from_value(value: Value<'v>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
