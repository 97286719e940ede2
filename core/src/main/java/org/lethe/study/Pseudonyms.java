package org.lethe.study;

import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.lethe.Chain;
import org.lethe.Components;
import org.lethe.Legs;
import org.lethe.Personal;

/**
 * What is shown in place of lists of persons' ids: how many they are, and an HMAC-SHA256 (RFC 2104) of them, of which the
 * first 64 bits are shown. Without the key nobody can try out ids, and with it everybody can recognise a list.
 */
final class Pseudonyms {
    /** The form of {@link #of}. */
    static final Pattern FORM = Pattern.compile("\\d+ listed [a-z-]+ \\(digest [0-9a-f]{16}\\)");

    private static final int SHORTEST = 3; // characters of an id that is looked for in a text: shorter ones are in any

    /**
     * A list of persons' ids in an entry of a study.
     *
     * @param what word for several of them
     * @param ids of the persons, or of what they did
     */
    record Listed(String what, List<String> ids) {}

    /** For words that no run folder holds. */
    private static final class Passing {
        static final Pseudonyms ONLY = fresh();
    }

    private final byte[] key;

    private Pseudonyms(byte[] key) {
        this.key = key.clone();
    }

    /** With a new key. */
    static Pseudonyms fresh() {
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        return new Pseudonyms(key);
    }

    /** With a key that exists. */
    static Pseudonyms of(byte[] key) {
        return new Pseudonyms(key);
    }

    /** With the key of this process, which is never written down. */
    static Pseudonyms passing() {
        return Passing.ONLY;
    }

    /** Nothing in their place: the ids as they are, for the text of a study that travels to a worker. */
    static Pseudonyms none() {
        return new Pseudonyms(new byte[0]);
    }

    byte[] key() {
        return key.clone();
    }

    /** What stands for a list; its order does not matter. */
    String of(Listed list) {
        if (key.length == 0) {
            return Words.word(list.ids());
        }
        Mac mac = mac();
        for (String id : new TreeSet<>(list.ids())) {
            byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
            mac.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
            mac.update(bytes);
        }
        return count(list.what(), list.ids().size()) + " (digest "
                + HexFormat.of().formatHex(mac.doFinal(), 0, 8) + ")";
    }

    /** The same without a digest, for messages. */
    static String count(String what, int count) {
        return count + " listed " + (count == 1 && what.endsWith("s") ? what.substring(0, what.length() - 1) : what);
    }

    private Mac mac() {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    /** The lists of persons' ids in an entry, in a chain, and in the settings of their settings. */
    static List<Listed> in(Object entry) {
        List<Listed> found = new ArrayList<>();
        collect(entry, found);
        return found;
    }

    /** The ids of persons that a component holds; empty where it holds none. */
    static Optional<Listed> listed(Object record, RecordComponent component) {
        Personal personal = component.getAnnotation(Personal.class);
        if (personal == null
                || !(Components.value(record, component) instanceof List<?> ids)
                || ids.isEmpty()
                || !personal.with().isEmpty()
                        && Arrays.stream(record.getClass().getRecordComponents())
                                .noneMatch(other -> personal.with()
                                        .equals(other.getName() + ": " + Components.value(record, other)))) {
            return Optional.empty();
        }
        return Optional.of(
                new Listed(personal.value(), ids.stream().map(String::valueOf).toList()));
    }

    private static void collect(Object value, List<Listed> into) {
        switch (value) {
            case Chain chain -> chain.steps().forEach(step -> collect(step, into));
            case Legs<?, ?> legs -> legs.methods().forEach(method -> collect(method, into));
            case Record record -> {
                for (RecordComponent component : record.getClass().getRecordComponents()) {
                    Optional<Listed> listed = listed(record, component);
                    listed.ifPresent(into::add);
                    if (listed.isEmpty()) {
                        collect(Components.value(record, component), into);
                    }
                }
            }
            case List<?> list -> list.forEach(element -> collect(element, into));
            default -> {}
        }
    }

    /**
     * A text from elsewhere, as a message of a library, in which these ids and the first parts of {@code user:item} do not
     * stand as words. Ids of one or two characters stay: they are in any text with numbers.
     */
    static String hidden(String text, Collection<Listed> lists) {
        TreeSet<String> words = new TreeSet<>(
                Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.<String>naturalOrder()));
        for (Listed list : lists) {
            for (String id : list.ids()) {
                words.add(id.strip());
                for (int colon = id.indexOf(':'); colon >= 0; colon = id.indexOf(':', colon + 1)) {
                    words.add(id.substring(0, colon).strip());
                }
            }
        }
        String known = words.stream()
                .filter(word -> word.length() >= SHORTEST && text.contains(word))
                .map(Pattern::quote)
                .collect(Collectors.joining("|"));
        return known.isEmpty()
                ? text
                : Pattern.compile("(?<![\\p{L}\\p{N}_])(?:" + known + ")(?![\\p{L}\\p{N}_])")
                        .matcher(text)
                        .replaceAll("…");
    }

    @Override
    public String toString() {
        return "pseudonyms";
    }
}
