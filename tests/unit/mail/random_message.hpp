#pragma once

#include "mail/message.hpp"

#include <rapidcheck.h>

#include <string>

namespace chatear::mail::test {

/// Any message that passes the checks, made of what is hard to write: spaces in odd places, other
/// scripts, text that looks like MIME's own syntax, long and lone lines, every kind of line break.
rc::Gen<Message> random_message();

/// The text as a reader gets it: each line break as '\n', one at the end.
std::string with_newlines(const std::string& text);

/// Whether a reader's `got` is what was sent: in a multipart the last break is the boundary's.
bool same_text(const std::string& sent, const std::string& got);

}  // namespace chatear::mail::test
