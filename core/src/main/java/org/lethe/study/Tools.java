package org.lethe.study;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;

/**
 * The tools that are installed, by the resources {@code META-INF/lethe/tools} of the modules, so that help loads no subject.
 *
 * <p>A line of the resource is {@code words | class | sentence}: the words of the command, the record, and the first sentence
 * of its doc comment. A test compares the lines with {@code Subject.tools()}.
 */
public final class Tools {
    private static final String RESOURCE = "META-INF/lethe/tools";

    private Tools() {}

    /**
     * One line.
     *
     * @param words as typed: {@code audit embeddings}
     * @param type the name of the record's class
     * @param sentence what it does
     */
    public record Listed(String words, String type, String sentence) {
        /** The line of a tool. */
        public static Listed of(Tool<?> tool) {
            return new Listed(Named.Of.name(tool), tool.getClass().getName(), Explained.summary(tool));
        }

        /** As it stands in the resource. */
        public String line() {
            return words + " | " + type + " | " + sentence;
        }

        /** The tool with its defaults. */
        public Tool<?> prototype() {
            try {
                return Class.forName(type, true, loader())
                        .asSubclass(Tool.class)
                        .getDeclaredConstructor()
                        .newInstance();
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(
                        RESOURCE + " lists " + type + ", expected a tool with a constructor that gives its defaults",
                        e);
            }
        }
    }

    /** Every tool that is installed, by its words. */
    public static List<Listed> listed() {
        List<Listed> listed = new ArrayList<>();
        try {
            for (URL resource : Collections.list(loader().getResources(RESOURCE))) {
                try (BufferedReader reader =
                        new BufferedReader(new InputStreamReader(resource.openStream(), StandardCharsets.UTF_8))) {
                    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                        listed.add(parsed(resource, line));
                    }
                }
            }
        } catch (IOException e) {
            throw new LetheException(LetheException.Code.STORAGE, RESOURCE + " cannot be read", e);
        }
        return listed.stream()
                .distinct()
                .sorted(Comparator.comparing(Listed::words))
                .toList();
    }

    private static Listed parsed(URL resource, String line) {
        String[] parts = line.split(" \\| ", 3);
        if (parts.length < 3) {
            throw new IllegalStateException(resource + ": \"" + line + "\", expected words | class | sentence");
        }
        return new Listed(parts[0], parts[1], parts[2]);
    }

    /** The text that the resource of a module must have for its tools. */
    public static String resource(List<? extends Tool<?>> tools) {
        return tools.stream().map(t -> Listed.of(t).line() + "\n").collect(Collectors.joining());
    }

    private static ClassLoader loader() {
        return Thread.currentThread().getContextClassLoader();
    }
}
