package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Workers;
import org.lethe.study.RunFolder;

/**
 * What holds for every method with every request and model that suit it: the model before stays as it is, the result is finite,
 * kept to the last bit, and the same on other threads and in another process; a request of nothing changes nothing.
 *
 * @param <D> the data of the subject
 * @param <M> its models
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class MethodLaws<D, M> extends Laws<D, M> {
    private final Map<List<Object>, M> learned = new HashMap<>();
    private final Map<Pair<D, M>, Outcome> outcomes = new HashMap<>();

    /** A method with a request and a model. */
    record Pair<D, M>(Method<D, M> method, Request request, Learner<D, M> learner) {
        Optional<String> unsuited() {
            return method.unsuited(request, learner);
        }

        @Override
        public String toString() {
            return Named.Of.name(method) + ", " + Named.Of.name(request) + ", " + Named.Of.name(learner);
        }
    }

    /** The bytes of a model before, of the same once the request was carried out, and of the result. */
    private record Outcome(byte[] before, byte[] still, byte[] after) {}

    /** What is asked for. */
    protected List<Request> requests() {
        return subject().requests();
    }

    /** The methods, with settings that suit a small data set. */
    protected List<Method<D, M>> methods() {
        return subject().methods();
    }

    /** Requests that ask for nothing, where the subject has any: {@code forget-users {percent: 0}}. */
    protected List<Request> nothing() {
        return List.of();
    }

    @TestFactory
    Stream<DynamicTest> everyMethodIsRepeatableAndLeavesTheModelBefore() {
        return suited(requests()).stream()
                .map(pair -> dynamicTest(pair.toString(), () -> {
                    leavesTheModelBefore(pair);
                    isKept(pair);
                    hasTheSameBitsOnThreeThreads(pair);
                }));
    }

    @TestFactory
    Stream<DynamicTest> nothingAskedForChangesNothing() {
        return suited(nothing()).stream().map(pair -> dynamicTest(pair.toString(), () -> changesNothing(pair)));
    }

    @TestFactory
    Stream<DynamicTest> everyMethodSaysWhyItIsUnsuited() {
        return methods().stream().map(method -> dynamicTest(Named.Of.name(method), () -> saysWhy(method)));
    }

    @Test
    void anotherProcessGivesTheSameBits(@TempDir Path folder) throws IOException, InterruptedException {
        hasTheSameBitsElsewhere(folder);
    }

    final void leavesTheModelBefore(Pair<D, M> pair) throws IOException {
        Outcome outcome = outcome(pair);
        assertArrayEquals(outcome.before, outcome.still, pair + ": the model before was changed");
    }

    final void isKept(Pair<D, M> pair) throws IOException {
        Outcome outcome = outcome(pair);
        assertKept(outcome.before, pair + ", the model before");
        assertKept(outcome.after, pair + ", the result");
    }

    final void hasTheSameBitsOnThreeThreads(Pair<D, M> pair) throws IOException {
        try (Workers three = Workers.threads(3)) {
            Env env = env(three);
            M before = pair.method.learn(pair.learner, data(), env);
            byte[] learned = bytes(before);
            M after = pair.method.fulfil(before, pair.request, pair.learner, data(), env);
            assertArrayEquals(outcome(pair).before, learned, pair + ": three threads learn another model");
            assertArrayEquals(outcome(pair).after, bytes(after), pair + ": three threads have another result");
        }
    }

    final void hasTheSameBitsElsewhere(Path folder) throws IOException, InterruptedException {
        assertEquals(digests(), Elsewhere.digests(getClass(), folder));
    }

    final void changesNothing(Pair<D, M> pair) throws IOException {
        Outcome outcome = outcome(pair);
        assertArrayEquals(outcome.before, outcome.after, pair + ": nothing was asked for, and the model changed");
    }

    final void saysWhy(Method<D, M> method) {
        List<Pair<D, M>> pairs = pairs(List.of(method), requests());
        pairs.forEach(pair -> assertSaysWhy(method, pair.unsuited()));
        assertTrue(
                pairs.stream().anyMatch(pair -> pair.unsuited().isEmpty()),
                Named.Of.name(method) + " suits no request with any model that is tried");
    }

    /** For every suited pair, its number, names and the digest of the result. */
    final List<String> digests() throws IOException {
        List<String> digests = new ArrayList<>();
        for (Pair<D, M> pair : suited(requests())) {
            digests.add(digests.size() + " " + pair + " " + RunFolder.sha256(outcome(pair).after));
        }
        return digests;
    }

    private List<Pair<D, M>> suited(List<Request> requests) {
        return pairs(methods(), requests).stream()
                .filter(pair -> pair.unsuited().isEmpty())
                .toList();
    }

    private List<Pair<D, M>> pairs(List<Method<D, M>> methods, List<Request> requests) {
        List<Pair<D, M>> pairs = new ArrayList<>();
        for (Method<D, M> method : methods) {
            for (Request request : requests) {
                models().forEach(learner -> pairs.add(new Pair<>(method, request, learner)));
            }
        }
        return pairs;
    }

    /** What one thread comes to, worked out once. Plain training is shared by all methods that begin with it. */
    private Outcome outcome(Pair<D, M> pair) throws IOException {
        Outcome known = outcomes.get(pair);
        if (known != null) {
            return known;
        }
        Env env = env(Workers.here());
        D data = data();
        M model = learned.computeIfAbsent(
                pair.method.learnsPlainly() ? List.of(pair.learner) : List.of(pair.learner, pair.method),
                key -> pair.method.learn(pair.learner, data, env));
        byte[] before = bytes(model);
        M after = pair.method.fulfil(model, pair.request, pair.learner, data, env);
        Outcome outcome = new Outcome(before, bytes(model), bytes(after));
        outcomes.put(pair, outcome);
        return outcome;
    }
}
