/* Completions, as each shell wants them. */
#include "page.h"
#include <ctype.h>

static const struct page_escape zsh_escapes[] = {
    {'\'', "'\\''"}, {'[', "\\["}, {']', "\\]"}, {':', "\\:"}, {'\\', "\\\\"}, {0, NULL}
};
static const struct page_escape fish_escapes[] = {
    {'\'', "\\'"}, {'\\', "\\\\"}, {0, NULL}
};
static const struct page_escape powershell_escapes[] = {
    {'\'', "''"}, {0, NULL}
};

/* The name as a function's: what is no letter or digit becomes `_`. */
static void add_function_name(struct page *page, const char *name)
{
    page_add(page, "_");
    for (; *name != '\0'; name++) {
        page_add(page, "%c", isalnum((unsigned char)*name) ? *name : '_');
    }
}

/* ---- bash ---- */

static void add_bash_case(struct page *page, const struct option *option)
{
    struct value value;
    value_of(option, &value);
    if (value.kind == VALUE_NONE) {
        return;
    }
    /* A value that may be left out stands behind `=` only. */
    page_add(page, "    ");
    if (option->letter != 0 && !value.optional) {
        page_add(page, "-%c|", option->letter);
    }
    if (!value.optional) {
        page_add(page, "--%s|", option->name);
    }
    page_add(page, "--%s=)\n", option->name);
    if (value.kind == VALUE_FILE) {
        page_add(page, "        local IFS=$'\\n'\n"
                       "        compopt -o filenames 2>/dev/null\n"
                       "        COMPREPLY=($(compgen -f -- \"$word\"))\n");
    } else if (value.kind == VALUE_CHOICE) {
        page_add(page, "        COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n", value.choices);
    }
    page_add(page, "        return ;;\n");
}

/* bash makes words of its own of `--name=value`: the name, `=` and the value. */
void bash_write(struct page *page, const struct option_table *table, const char *name)
{
    page_add(page, "# bash completion of %s\n", name);
    add_function_name(page, name);
    page_add(page, "()\n"
                   "{\n"
                   "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                   "    local before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                   "    if [ \"$word\" = = ]; then\n"
                   "        before+==\n"
                   "        word=\n"
                   "    elif [ \"$before\" = = ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
                   "        before=${COMP_WORDS[COMP_CWORD - 2]}=\n"
                   "    fi\n"
                   "    COMPREPLY=()\n"
                   "    case $before in\n");
    for (size_t i = 0; i < table->count; i++) {
        add_bash_case(page, &table->options[i]);
    }
    page_add(page, "    esac\n"
                   "    if [ \"${word:0:1}\" = - ]; then\n"
                   "        COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < table->count; i++) {
        page_add(page, "%s--%s", i == 0 ? "" : " ", table->options[i].name);
    }
    page_add(page, "' -- \"$word\"))\n    fi\n}\ncomplete -F ");
    add_function_name(page, name);
    page_add(page, " %s\n", name);
}

/* ---- zsh ---- */

static void add_zsh_value(struct page *page, const struct value *value)
{
    page_add(page, value->optional ? "::%.*s:" : ":%.*s:", (int)value->name_size, value->name);
    if (value->kind == VALUE_FILE) {
        page_add(page, "_files");
    } else if (value->kind == VALUE_CHOICE) {
        page_add(page, "(%s)", value->choices);
    } else {
        page_add(page, " ");
    }
}

static void add_zsh_form(struct page *page, const struct option *option, const struct value *value,
                         bool letter)
{
    page_add(page, "    '*");
    if (letter) {
        page_add(page, "-%c%s[", option->letter, value->kind == VALUE_NONE ? "" : "+");
    } else {
        page_add(page, "--%s%s[", option->name,
                 value->kind == VALUE_NONE ? "" : value->optional ? "=-" : "=");
    }
    page_add_help(page, option, zsh_escapes);
    page_add(page, "]");
    if (value->kind != VALUE_NONE) {
        add_zsh_value(page, value);
    }
    page_add(page, "' \\\n");
}

void zsh_write(struct page *page, const struct option_table *table, const char *name)
{
    static const struct value none = {.kind = VALUE_NONE};
    page_add(page, "#compdef %s\n# zsh completion of %s\n_arguments -s -S : \\\n", name, name);
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        struct value value;
        value_of(option, &value);
        if (option->letter != 0) {
            add_zsh_form(page, option, value.optional ? &none : &value, true);
        }
        add_zsh_form(page, option, &value, false);
    }
    page_add(page, "    '*:ADDRESS: '\n");
}

/* ---- fish ---- */

void fish_write(struct page *page, const struct option_table *table, const char *name)
{
    page_add(page, "# fish completion of %s\ncomplete -c %s -f\n", name, name);
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        struct value value;
        value_of(option, &value);
        page_add(page, "complete -c %s", name);
        if (option->letter != 0) {
            page_add(page, " -s %c", option->letter);
        }
        page_add(page, " -l %s", option->name);
        if (value.kind != VALUE_NONE && !value.optional) {
            page_add(page, "%s", value.kind == VALUE_FILE ? " -r -F" : " -x");
        }
        if (value.kind == VALUE_CHOICE) {
            page_add(page, " -a '%s'", value.choices);
        }
        page_add(page, " -d '");
        page_add_help(page, option, fish_escapes);
        page_add(page, "'\n");
    }
}

/* ---- PowerShell ---- */

static void add_powershell_row(struct page *page, const struct option *option)
{
    struct value value;
    value_of(option, &value);
    page_add(page, "        @{ Name = '--%s'; Letter = '", option->name);
    if (option->letter != 0 && !value.optional) {
        page_add(page, "-%c", option->letter);
    }
    page_add(page, "'; Kind = '%s'; Choices = '%s'; Help = '",
             value.kind == VALUE_NONE ? "" : value.kind == VALUE_FILE ? "file" :
             value.optional ? "optional" : "value",
             value.choices);
    page_add_help(page, option, powershell_escapes);
    page_add(page, "' }\n");
}

/* Files are left to PowerShell itself, which completes them where this gives nothing. */
void powershell_write(struct page *page, const struct option_table *table, const char *name)
{
    page_add(page, "# PowerShell completion of %s: run it in $PROFILE\n"
                   "Register-ArgumentCompleter -Native -CommandName '%s', '%s.exe' -ScriptBlock {\n"
                   "    param($word, $ast, $cursor)\n"
                   "    $options = @(\n",
             name, name, name);
    for (size_t i = 0; i < table->count; i++) {
        add_powershell_row(page, &table->options[i]);
    }
    page_add(page,
             "    )\n"
             "    $words = @($ast.CommandElements | Where-Object {\n"
             "            $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })\n"
             "    $before = $words[-1]\n"
             "    $front = ''\n"
             "    if ($word -match '^(--[^=]+)=(.*)$') {\n"
             "        $before = $Matches[1]\n"
             "        $front = \"$before=\"\n"
             "        $word = $Matches[2]\n"
             "    }\n"
             "    $option = $options | Where-Object {\n"
             "        $_.Kind -and ($_.Name -ceq $before -or $_.Letter -ceq $before) -and\n"
             "        ($front -or $_.Kind -ne 'optional') }\n"
             "    if ($option) {\n"
             "        -split $option.Choices | Where-Object {\n"
             "            $_ -and $_.StartsWith($word) } | ForEach-Object {\n"
             "            [Management.Automation.CompletionResult]::new(\n"
             "                \"$front$_\", $_, 'ParameterValue', $option.Help) }\n"
             "    } elseif (-not $front) {\n"
             "        $options | Where-Object { $_.Name.StartsWith($word) } | ForEach-Object {\n"
             "            [Management.Automation.CompletionResult]::new(\n"
             "                $_.Name, $_.Name, 'ParameterName', $_.Help) }\n"
             "    }\n"
             "}\n");
}
