#include "mail/mustache.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace chatear::mail {
namespace {

namespace json = boost::json;

bool is_true(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return false;
        case json::kind::bool_:
            return value.get_bool();
        case json::kind::string:
            return !value.get_string().empty();
        case json::kind::array:
            return !value.get_array().empty();
        case json::kind::object:
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return true;
    }
    return false;
}

/// `&#39;` and not `&apos;`, which HTML 4 and mail clients of its age do not know.
std::string_view reference_for(char character) {
    switch (character) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return "";
    }
}

void append_html(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find_first_of("&<>\"'"), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (!text.empty()) {
            out += reference_for(text.front());
            text.remove_prefix(1);
        }
    }
}

/// What `name`, perhaps with dots, is inside of `value`.
const json::value* find_inside(const json::value& value, std::string_view name) {
    const json::value* found = &value;
    while (found != nullptr && !name.empty()) {
        const std::size_t dot = std::min(name.find('.'), name.size());
        const json::object* object = found->if_object();
        found = object == nullptr ? nullptr : object->if_contains(name.substr(0, dot));
        name.remove_prefix(std::min(dot + 1, name.size()));
    }
    return found;
}

}  // namespace

/// One rendering.
class MustacheRenderer {
public:
    using Node = MustacheTemplate::Node;
    using Kind = MustacheTemplate::Kind;

    MustacheRenderer(
        const std::vector<Node>& nodes,
        const json::object& variables,
        Escaping escaping,
        std::set<std::string>& missing
    )
        : nodes_(nodes), variables_(variables), escaping_(escaping), missing_(missing) {}

    /// Whether it stayed within the bounds; the recursion is as deep as sections are nested.
    bool render(std::size_t begin, std::size_t end) {
        for (std::size_t place = begin; place < end; ++place) {
            const Node& node = nodes_[place];
            if (++steps_ > MustacheTemplate::max_steps ||
                out_.size() > MustacheTemplate::max_output_bytes) {
                return false;
            }
            if (node.kind == Kind::text) {
                out_ += node.content;
            } else if (node.kind == Kind::variable || node.kind == Kind::raw_variable) {
                append_variable(node);
            } else {
                if (!render_section(node, place + 1)) {
                    return false;
                }
                place = node.end - 1;
            }
        }
        return out_.size() <= MustacheTemplate::max_output_bytes;
    }

    std::string take() { return std::move(out_); }

private:
    bool render_section(const Node& node, std::size_t begin) {
        const json::value* value = find(node.content);
        const bool holds = value != nullptr && is_true(*value);
        if (node.kind == Kind::inverted_section) {
            return holds || render(begin, node.end);
        }
        if (!holds) {
            return true;
        }
        const json::array* list = value->if_array();
        if (list == nullptr) {
            return render_with(*value, begin, node.end);
        }
        return std::all_of(list->begin(), list->end(), [&](const json::value& item) {
            ++steps_;
            return render_with(item, begin, node.end);
        });
    }

    bool render_with(const json::value& innermost, std::size_t begin, std::size_t end) {
        context_.push_back(&innermost);
        const bool within_bounds = render(begin, end);
        context_.pop_back();
        return within_bounds;
    }

    void append_variable(const Node& node) {
        const json::value* value = find(node.content);
        if (value == nullptr) {
            missing_.insert(node.content);
        } else if (const json::string* text = value->if_string()) {
            append_text(node, *text);
        } else if (value->is_number()) {
            append_text(node, number_to_text(*value));
        } else if (const bool* truth = value->if_bool()) {
            append_text(node, *truth ? "true" : "false");
        }
    }

    void append_text(const Node& node, std::string_view text) {
        if (node.kind == Kind::raw_variable || escaping_ == Escaping::none) {
            out_ += text;
        } else {
            append_html(out_, text);
        }
    }

    /// From the innermost section outwards; "." is the innermost section's own value.
    const json::value* find(std::string_view name) const {
        if (name == ".") {
            return context_.empty() ? nullptr : context_.back();
        }
        for (auto inner = context_.rbegin(); inner != context_.rend(); ++inner) {
            if (const json::value* found = find_inside(**inner, name)) {
                return found;
            }
        }
        const std::size_t dot = std::min(name.find('.'), name.size());
        const json::value* first = variables_.if_contains(name.substr(0, dot));
        return first == nullptr ? nullptr
                                : find_inside(*first, name.substr(std::min(dot + 1, name.size())));
    }

    const std::vector<Node>& nodes_;
    const json::object& variables_;
    const Escaping escaping_;
    std::set<std::string>& missing_;
    std::vector<const json::value*> context_;  // Of the sections we are in, the innermost last.
    std::string out_;
    std::size_t steps_ = 0;
};

Result<std::string> MustacheTemplate::render(
    const boost::json::object& variables, Escaping escaping, std::set<std::string>& missing
) const {
    MustacheRenderer renderer(nodes_, variables, escaping, missing);
    if (!renderer.render(0, nodes_.size())) {
        return Error{"the template with these variables becomes too large"};
    }
    return renderer.take();
}

std::set<std::string> MustacheTemplate::names() const {
    std::set<std::string> names;
    for (const Node& node : nodes_) {
        if (node.kind != Kind::text && node.content != ".") {
            names.insert(node.content);
        }
    }
    return names;
}

}  // namespace chatear::mail
