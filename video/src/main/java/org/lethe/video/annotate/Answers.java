package org.lethe.video.annotate;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import org.lethe.LetheException;
import org.lethe.Utf8;
import org.lethe.study.Storage;

/**
 * What people answered, a line for each click: {@code voter,pair,repeat,left,right,question,answer}.
 *
 * <p>Names of clips are relative to the folder of the file. A last line without its end is what a crash left of one; it does not count.
 *
 * @param lines in their order
 */
public record Answers(List<Line> lines) {
    private static final String HEAD = "voter,pair,repeat,left,right,question,answer";

    private static final long LARGEST = 100_000_000;

    /** Share of votes that a pair needs to be learned from, as the paper's protocol is usually read. */
    private static final double AGREED = 2 / 3.0;

    public Answers {
        lines = List.copyOf(lines);
    }

    /** What is asked. */
    public enum Question {
        /** Which clip's objects move more. */
        OBJECT,
        /** Which clip's camera moves more. */
        CAMERA;

        String words() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is answered. */
    public enum Answer {
        /** The left one. */
        LEFT,
        /** The right one. */
        RIGHT,
        /** Both alike, or nobody can tell. */
        SAME;

        String words() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A click.
     *
     * @param voter who
     * @param pair number of the pair
     * @param repeat whether the pair was shown before
     * @param left clip on the left
     * @param right clip on the right
     * @param question what was asked
     * @param answer what was said
     */
    public record Line(
            String voter, int pair, boolean repeat, String left, String right, Question question, Answer answer) {
        String csv() {
            return String.join(
                    ",",
                    quoted(voter),
                    Integer.toString(pair),
                    Boolean.toString(repeat),
                    quoted(left),
                    quoted(right),
                    question.words(),
                    answer.words());
        }

        /** The clip that moves more; nothing where both are alike. */
        Optional<String> winner() {
            return switch (answer) {
                case LEFT -> Optional.of(left);
                case RIGHT -> Optional.of(right);
                case SAME -> Optional.empty();
            };
        }
    }

    /**
     * A pair on which enough people agree.
     *
     * @param question what was asked
     * @param one a clip
     * @param other another
     * @param order 1 where the first moves more, −1 where the other does, 0 where both are alike
     */
    public record Agreed(Question question, String one, String other, int order) {}

    /** Reads a file of answers. */
    public static Answers read(Path file) throws IOException {
        String text = Utf8.read(file, LARGEST);
        String[] rows = text.split("\n", -1); // behind the last line end there is nothing, or what a crash left
        if (!rows[0].strip().equals(HEAD)) {
            throw wrong(file, 1, "is \"" + rows[0].strip() + "\", expected \"" + HEAD + "\"");
        }
        List<Line> lines = new ArrayList<>();
        for (int n = 1; n + 1 < rows.length; n++) {
            lines.add(line(file, n + 1, rows[n].strip()));
        }
        return new Answers(lines);
    }

    private static Line line(Path file, int number, String row) {
        List<String> fields = fields(row);
        if (fields.size() != 7) {
            throw wrong(file, number, "has " + fields.size() + " fields, expected 7: " + HEAD);
        }
        if (!fields.get(1).matches("\\d{1,9}")) {
            throw wrong(file, number, "pair is \"" + fields.get(1) + "\", expected a number");
        }
        return new Line(
                fields.get(0),
                Integer.parseInt(fields.get(1)),
                fields.get(2).equals("true"),
                fields.get(3),
                fields.get(4),
                one(file, number, "question", Question.values(), fields.get(5)),
                one(file, number, "answer", Answer.values(), fields.get(6)));
    }

    private static <E extends Enum<E>> E one(Path file, int number, String key, E[] known, String word) {
        return Arrays.stream(known)
                .filter(k -> k.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> wrong(
                        file,
                        number,
                        key + " is \"" + word + "\", expected one of "
                                + Arrays.toString(known).toLowerCase(Locale.ROOT)));
    }

    private static LetheException wrong(Path file, int line, String what) {
        return new LetheException(LetheException.Code.DATA, file + ":" + line + ": " + what);
    }

    private static List<String> fields(String row) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean inside = false;
        for (int i = 0; i < row.length(); i++) {
            char c = row.charAt(i);
            if (c == '"' && inside && i + 1 < row.length() && row.charAt(i + 1) == '"') {
                field.append(c);
                i++;
            } else if (c == '"') {
                inside = !inside;
            } else if (c == ',' && !inside) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }

    private static String quoted(String text) {
        return text.matches("[^\",\\r\\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }

    /** Opens a file of answers, new or old; the rest of a line that a crash left is cut off first. */
    static Answers open(Path file) throws IOException {
        if (!Files.exists(file)) {
            Storage.write(file, (HEAD + "\n").getBytes(StandardCharsets.UTF_8));
        }
        Answers read = read(file);
        String text = Utf8.read(file, LARGEST);
        int end = text.lastIndexOf('\n') + 1;
        if (end < text.length()) {
            Storage.write(file, text.substring(0, end).getBytes(StandardCharsets.UTF_8));
        }
        return read;
    }

    /** Adds a line by one write, and waits until the disk has it. */
    static void append(Path file, Line line) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.APPEND)) {
            ByteBuffer bytes = ByteBuffer.wrap((line.csv() + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
    }

    /** The pairs on which at least two thirds of those who were asked agree. */
    public List<Agreed> agreed() {
        List<Agreed> agreed = new ArrayList<>();
        for (Question question : Question.values()) {
            for (List<Line> votes : first(question).values()) {
                Map<String, Integer> counts = new LinkedHashMap<>();
                votes.forEach(v -> counts.merge(v.winner().orElse(""), 1, Integer::sum));
                Map.Entry<String, Integer> most = counts.entrySet().stream()
                        .max(Map.Entry.comparingByValue())
                        .orElseThrow();
                if (most.getValue() < AGREED * votes.size() - 1e-9) {
                    continue;
                }
                Line any = votes.getFirst();
                int order = most.getKey().isEmpty() ? 0 : most.getKey().equals(any.left) ? 1 : -1;
                agreed.add(new Agreed(question, any.left, any.right, order));
            }
        }
        return agreed;
    }

    /** The votes of each pair, repeats left out, by the number of the pair. */
    private Map<Integer, List<Line>> first(Question question) {
        Map<Integer, List<Line>> votes = new TreeMap<>();
        lines.stream()
                .filter(l -> l.question == question && !l.repeat)
                .forEach(l ->
                        votes.computeIfAbsent(l.pair, _ -> new ArrayList<>()).add(l));
        return votes;
    }

    /** Krippendorff's alpha between voters; nothing where no pair has two of them. */
    public OptionalDouble alpha(Question question) {
        return alpha(first(question).values().stream()
                .map(votes -> votes.stream().map(v -> v.winner().orElse("")).toList())
                .toList());
    }

    /** Krippendorff's alpha of names that were given to things: 1 − observed / expected disagreement; 1 where all names are alike. */
    static OptionalDouble alpha(Collection<List<String>> things) {
        List<List<String>> valued = things.stream().filter(t -> t.size() >= 2).toList();
        TreeMap<String, Double> totals = new TreeMap<>();
        double count = 0;
        double apart = 0;
        for (List<String> names : valued) {
            TreeMap<String, Integer> own = new TreeMap<>();
            names.forEach(n -> own.merge(n, 1, Integer::sum));
            double m = names.size();
            double same = 0;
            for (Map.Entry<String, Integer> e : own.entrySet()) {
                same += e.getValue() * (e.getValue() - 1.0);
                totals.merge(e.getKey(), (double) e.getValue(), Double::sum);
            }
            apart += (m * (m - 1) - same) / (m - 1);
            count += m;
        }
        if (valued.isEmpty()) {
            return OptionalDouble.empty();
        }
        double all = count;
        double expected =
                totals.values().stream().mapToDouble(t -> t * (all - t)).sum() / (all - 1);
        return OptionalDouble.of(expected == 0 ? 1 : 1 - apart / expected);
    }

    /** Share of repeated questions that got the same answer again; nothing where none was repeated. */
    public OptionalDouble steadiness() {
        int same = 0;
        int all = 0;
        for (Line again : lines) {
            if (!again.repeat) {
                continue;
            }
            for (Line before : lines) {
                if (!before.repeat
                        && before.voter.equals(again.voter)
                        && before.pair == again.pair
                        && before.question == again.question) {
                    all++;
                    same += before.winner().equals(again.winner()) ? 1 : 0;
                }
            }
        }
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) same / all);
    }

    /** How many people answered. */
    public int voters() {
        return new TreeSet<>(lines.stream().map(Line::voter).toList()).size();
    }
}
