package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Safetensors;
import org.lethe.Subject;
import org.lethe.Workers;
import org.lethe.study.Words;

/** What the batteries share: the subject, entries with quick settings, and models as they are kept. */
abstract class Laws<D, M> {
    static final long SEED = 7;

    /** The subject under test. */
    protected abstract Subject<D, M> subject();

    /** A small made-up data set. */
    protected abstract D data();

    /** The models that are trained, with settings that make that quick; by default all, as they are. */
    protected List<Learner<D, M>> models() {
        return subject().models();
    }

    /** Entries of a catalogue, some of them with other settings: {@code quick(subject().models(), "bpr {epochs: 2}")}. */
    protected final <T> List<T> quick(List<T> entries, String... words) {
        List<T> quick = new ArrayList<>(entries);
        for (String other : words) {
            T read = Words.read(other, entries, catalogue());
            quick.replaceAll(entry -> Named.Of.name(entry).equals(Named.Of.name(read)) ? read : entry);
        }
        return List.copyOf(quick);
    }

    /** The entries of a catalogue that are named, with these settings: {@code only(subject().models(), "bpr")}. */
    protected final <T> List<T> only(List<T> entries, String... words) {
        return Arrays.stream(words)
                .map(word -> Words.<T>read(word, entries, catalogue()))
                .toList();
    }

    /** Everything that a setting may name. */
    final List<Object> catalogue() {
        Subject<D, M> subject = subject();
        return Stream.of(subject.data(), subject.models(), subject.requests(), subject.methods(), subject.audits())
                .<Object>flatMap(List::stream)
                .toList();
    }

    static Env env(Workers workers) {
        return Env.seeded(SEED).with(workers);
    }

    /** A model as the bytes of its file. */
    final byte[] bytes(M model) throws IOException {
        Path file = temporary();
        try {
            subject().save(model, Map.of(), file);
            return Files.readAllBytes(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Fails where a model is another one once it was saved and loaded, or holds a number that is not finite. */
    final void assertKept(byte[] model, String what) throws IOException {
        Path file = temporary();
        try {
            Files.write(file, model);
            assertArrayEquals(
                    model, bytes(subject().load(file)), what + ": saved, loaded and saved again it is another model");
            try (Safetensors kept = Safetensors.open(file)) {
                for (var entry : kept.entries().entrySet()) {
                    if (real(entry.getValue().dtype())) {
                        assertTrue(
                                Arrays.stream(kept.doubles(entry.getKey())).allMatch(Double::isFinite),
                                what + ": " + entry.getKey() + " holds a number that is not finite");
                    }
                }
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static boolean real(Safetensors.Dtype dtype) {
        return switch (dtype) {
            case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
            default -> false;
        };
    }

    /** Fails where a reason for leaving something out is no sentence about it. */
    static void assertSaysWhy(Object entry, Optional<String> why) {
        String name = Named.Of.name(entry);
        why.ifPresent(sentence -> assertTrue(
                sentence.startsWith(name + " ") && sentence.split(" ").length >= 3 && !sentence.contains("\n"),
                name + " is unsuited: \"" + sentence + "\", expected a sentence that begins with the name"));
    }

    private static Path temporary() throws IOException {
        return Files.createTempFile("laws", ".safetensors");
    }
}
