/* A text of one Python string, read character by character; for `_heads.c` alone.

   [at, end) is always a part of one line; nothing here reads at `end` or behind it, or writes at all.
*/
#include <Python.h>
#include <string.h>

/* A text, read as what it holds.  `kind` is a constant in each copy that the compiler makes of the functions
   below (1, 2 or 4 bytes a character), so that reading costs no test. */
typedef struct {
    PyObject *text;
    const void *data;
    Py_ssize_t size;
} Text;

#define INLINE static inline __attribute__((always_inline))
#define AT(i) PyUnicode_READ(kind, t->data, (i))

INLINE int is_digit(Py_UCS4 c) { return c - '0' < 10u; }
INLINE int is_letter(Py_UCS4 c) { return (c | 0x20) - 'a' < 26u; }
INLINE int is_vowel(Py_UCS4 c) { c |= 0x20; return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }
INLINE int is_hex(Py_UCS4 c) { return is_digit(c) || c - 'A' < 6u; }

/* Where `c` is next in [at, end); `end` where it is not. */
INLINE Py_ssize_t find(const Text *t, const int kind, Py_UCS4 c, Py_ssize_t at, Py_ssize_t end)
{
    if (kind == PyUnicode_1BYTE_KIND) {
        const char *start = (const char *)t->data;
        const char *found = at < end ? memchr(start + at, (int)c, (size_t)(end - at)) : NULL;
        return found ? found - start : end;
    }
    while (at < end && AT(at) != c)
        at++;
    return at;
}

/* Whether [at, end) begins with `form`, where `0` stands for a digit and `5` for one up to 5. */
INLINE int has_form(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end, const char *form)
{
    for (; *form; form++, at++) {
        if (at >= end)
            return 0;
        Py_UCS4 c = AT(at);
        if (*form == '0' ? !is_digit(c) : *form == '5' ? c - '0' > 5u : c != (Py_UCS4)*form)
            return 0;
    }
    return 1;
}

INLINE int is_word(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    for (Py_ssize_t i = at; i < end; i++)
        if (!is_letter(AT(i)))
            return 0;
    return at < end;
}

/* Where [at, end) goes on behind `form`; -1 where it does not begin so.  `0` and `5` as above. */
INLINE Py_ssize_t after(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end, const char *form)
{
    return at >= 0 && has_form(t, kind, at, end, form) ? at + (Py_ssize_t)strlen(form) : -1;
}

/* The number in [at, end), `1` or `0.25`; -1 where it is none, or has too many digits for a double to hold them
   exactly.  (A quotient of two exact doubles is rounded once, so it is what Python reads from the same text.) */
INLINE double number_in(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    long long digits = 0;
    Py_ssize_t point = -1;
    if (end - at > 15)
        return -1;
    for (Py_ssize_t i = at; i < end; i++) {
        Py_UCS4 c = AT(i);
        if (is_digit(c))
            digits = digits * 10 + (c - '0');
        else if (c == '.' && point < 0 && i > at && i + 1 < end)
            point = i;
        else
            return -1;
    }
    return at >= end ? -1 : (double)digits / tens[point < 0 ? 0 : end - point - 1];
}

INLINE int is_space(Py_UCS4 c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
