// SPDX-License-Identifier: Apache-2.0

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.EndElementTree;
import com.sun.source.doctree.EntityTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.doctree.ReturnTree;
import com.sun.source.doctree.StartElementTree;
import com.sun.source.doctree.TextTree;
import com.sun.source.doctree.ThrowsTree;
import com.sun.source.util.DocTrees;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import jdk.javadoc.doclet.Doclet;
import jdk.javadoc.doclet.DocletEnvironment;
import jdk.javadoc.doclet.Reporter;

/** Writes what is public, with its documentation as Markdown, into the file JsonDoclet.json of the current folder. */
public final class JsonDoclet implements Doclet {
    private DocTrees trees;
    private Elements elements;
    private final List<String> rows = new ArrayList<>();

    @Override
    public void init(Locale locale, Reporter reporter) {}

    @Override
    public String getName() {
        return "JsonDoclet";
    }

    @Override
    public Set<? extends Option> getSupportedOptions() {
        return Set.of();
    }

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latest();
    }

    @Override
    public boolean run(DocletEnvironment environment) {
        trees = environment.getDocTrees();
        elements = environment.getElementUtils();
        for (TypeElement type : ElementFilter.typesIn(environment.getIncludedElements())) {
            if (type.getModifiers().contains(Modifier.PUBLIC)) {
                describe(type);
            }
        }
        try (PrintWriter out = new PrintWriter("JsonDoclet.json", StandardCharsets.UTF_8)) {
            out.println("[" + String.join(",\n", rows) + "]");
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return true;
    }

    private void describe(TypeElement type) {
        row(type, type, type.getKind().name().toLowerCase(Locale.ROOT) + " " + type.getSimpleName() + above(type));
        for (Element member : elements.getAllMembers(type)) {
            if (member.getModifiers().contains(Modifier.PUBLIC) && isOurs(member) && !isOverridden(member)
                    && isShownHere(type, member)) {
                row(type, member, signature(member));
            }
        }
    }

    private static String above(TypeElement type) {
        String name = type.getSuperclass().toString().replaceAll(".*\\.", "");
        return name.endsWith("Exception") ? " extends " + name : "";
    }

    /** What a class inherits from one that has no entry of its own is its own. */
    private static boolean isShownHere(TypeElement type, Element member) {
        Element from = member.getEnclosingElement();
        return !(member instanceof TypeElement) && (from == type || !from.getModifiers().contains(Modifier.PUBLIC));
    }

    private boolean isOurs(Element member) {
        return elements.getPackageOf(member).getQualifiedName().toString().startsWith("io.capauth");
    }

    /** What every object has, and what an enumeration has by itself. */
    private static boolean isOverridden(Element member) {
        String name = member.toString();
        return member.getKind() == ElementKind.METHOD
                && (name.equals("toString()") || name.equals("hashCode()") || name.startsWith("equals(")
                        || (member.getEnclosingElement().getKind() == ElementKind.ENUM
                                && (name.equals("values()") || name.startsWith("valueOf("))));
    }

    private static String signature(Element member) {
        if (member instanceof VariableElement) {
            return member.getSimpleName().toString();
        }
        ExecutableElement method = (ExecutableElement) member;
        List<String> parameters = new ArrayList<>();
        for (VariableElement parameter : method.getParameters()) {
            parameters.add(shortened(parameter.asType().toString()) + " " + parameter);
        }
        boolean isConstructor = member.getKind() == ElementKind.CONSTRUCTOR;
        Element named = isConstructor ? method.getEnclosingElement() : method;
        String gives = isConstructor ? "new " : shortened(method.getReturnType().toString()) + " ";
        String isStatic = method.getModifiers().contains(Modifier.STATIC) ? "static " : "";
        return isStatic + gives + named.getSimpleName() + "(" + String.join(", ", parameters) + ")";
    }

    private static String shortened(String type) {
        return type.replaceAll("@?(?:[a-z]\\w*\\.)+(?=[A-Z])", "").replaceAll("@?Nullable ", "");
    }

    private void row(TypeElement owner, Element member, String signature) {
        DocCommentTree comment = trees.getDocCommentTree(member);
        String kind = member.getKind().name().toLowerCase(Locale.ROOT);
        String name = kind.equals("constructor") ? "new" : member == owner ? "" : member.getSimpleName().toString();
        rows.add("{\"owner\":" + quoted(owner.getQualifiedName().toString()) + ",\"name\":" + quoted(name)
                + ",\"kind\":" + quoted(kind) + ",\"signature\":" + quoted(signature)
                + ",\"doc\":" + quoted(comment == null ? "" : markdown(comment)) + "}");
    }

    // ---- Documentation as Markdown ----

    private static String markdown(DocCommentTree comment) {
        StringBuilder text = new StringBuilder(inline(comment.getFullBody()));
        for (DocTree tag : comment.getBlockTags()) {
            if (tag instanceof ParamTree) {
                ParamTree parameter = (ParamTree) tag;
                text.append("\n* `" + parameter.getName() + "`: " + inline(parameter.getDescription()));
            } else if (tag instanceof ReturnTree) {
                text.append("\n* gives ").append(inline(((ReturnTree) tag).getDescription()));
            } else if (tag instanceof ThrowsTree) {
                ThrowsTree thrown = (ThrowsTree) tag;
                text.append("\n* throws `" + thrown.getExceptionName() + "`: " + inline(thrown.getDescription()));
            }
        }
        return text.toString();
    }

    private static String inline(List<? extends DocTree> trees) {
        StringBuilder text = new StringBuilder();
        boolean isBlock = false; // within <pre>
        for (DocTree tree : trees) {
            if (tree instanceof TextTree) {
                text.append(escaped(((TextTree) tree).getBody()));
            } else if (tree instanceof LiteralTree) {
                String code = ((LiteralTree) tree).getBody().getBody();
                text.append(isBlock ? code.replaceAll("(?m)^ ", "").strip() : "`" + code + "`");
            } else if (tree instanceof LinkTree) {
                String to = ((LinkTree) tree).getReference().getSignature();
                text.append("`" + to.replaceFirst("^#", "").replace('#', '.') + "`");
            } else if (tree instanceof EntityTree) {
                text.append(entity(((EntityTree) tree).getName().toString()));
            } else if (tree instanceof StartElementTree) {
                text.append(element(((StartElementTree) tree).getName().toString()));
                isBlock |= ((StartElementTree) tree).getName().contentEquals("pre");
            } else if (tree instanceof EndElementTree) {
                text.append(((EndElementTree) tree).getName().contentEquals("pre") ? "\n```\n" : "");
                isBlock &= !((EndElementTree) tree).getName().contentEquals("pre");
            } else {
                throw new IllegalStateException("no Markdown for " + tree.getKind() + ": " + tree);
            }
        }
        return text.toString();
    }

    /** In one line, and without what Markdown would take for its own. */
    private static String escaped(String text) {
        return text.replaceAll("\\s*\n\\s*", " ").replaceAll("([\\\\<>*\\[\\]{}`])", "\\\\$1");
    }

    private static String entity(String name) {
        switch (name) {
            case "lt":
                return "\\<";
            case "gt":
                return "\\>";
            case "amp":
                return "&";
            default:
                throw new IllegalStateException("no Markdown for &" + name + ";");
        }
    }

    private static String element(String name) {
        switch (name) {
            case "p":
                return "\n\n";
            case "li":
                return "\n* ";
            case "pre":
                return "\n```java\n";
            case "ul":
                return "\n";
            default:
                throw new IllegalStateException("no Markdown for <" + name + ">");
        }
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else {
                quoted.append(c < ' ' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        return quoted.append('"').toString();
    }
}
