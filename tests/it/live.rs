//! Tests of the live changes for viewers of a hall.

mod stream;
