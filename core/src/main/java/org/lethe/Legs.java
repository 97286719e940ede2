package org.lethe;

import java.util.List;
import java.util.Optional;

/**
 * The methods that carry out a request: one leg for each step of a {@link Chain}, or one method that carries out every step.
 *
 * <p>The first leg learns. Each leg gets the model of the leg before, and the data without the part that is already
 * forgotten.
 *
 * @param methods one, or as many as the request has steps
 * @param <D> the data a subject trains on
 * @param <M> the models of the subject
 */
public record Legs<D, M>(List<Method<D, M>> methods) {
    public Legs {
        methods = List.copyOf(methods);
        Check.require(!methods.isEmpty(), "methods", "empty", "at least one");
    }

    /** One method for every step. */
    public static <D, M> Legs<D, M> of(Method<D, M> method) {
        return new Legs<>(List.of(method));
    }

    /** The methods that results are compared with: the reference of each step. */
    public static <D, M> Legs<D, M> reference(Subject<D, M> subject, Request request) {
        List<Method<D, M>> methods =
                Chain.steps(request).stream().map(subject::reference).toList();
        return methods.stream().distinct().count() == 1 ? of(methods.getFirst()) : new Legs<>(methods);
    }

    /** The method of a step, from 0. */
    public Method<D, M> at(int step) {
        return methods.size() == 1 ? methods.getFirst() : methods.get(step);
    }

    /** The method that learns. */
    public Method<D, M> first() {
        return methods.getFirst();
    }

    /** Whether every leg hands back the model it was given. */
    public boolean doNothing() {
        return methods.stream().allMatch(DoNothing.class::isInstance);
    }

    /** The reason why these methods cannot carry out a request, as a sentence; empty where they can. */
    public Optional<String> unsuited(Request request, Learner<D, M> learner) {
        List<Request> steps = Chain.steps(request);
        if (methods.size() > 1 && methods.size() != steps.size()) {
            return Optional.of(String.join(
                            ", then ", methods.stream().map(Named.Of::name).toList())
                    + " has " + methods.size() + " legs, the request "
                    + String.join(", then ", steps.stream().map(Named.Of::name).toList()) + " has "
                    + (steps.size() == 1 ? "1 step" : steps.size() + " steps"));
        }
        for (int n = 0; n < steps.size(); n++) {
            Optional<String> why = at(n).unsuited(steps.get(n), learner);
            if (why.isPresent()) {
                return why;
            }
        }
        return Optional.empty();
    }

    /** The weakest promise of any leg. */
    public Exactness exactness() {
        return methods.stream().map(Method::exactness).max(Enum::compareTo).orElseThrow();
    }

    /** The expected cost of learning once and fulfilling every step. */
    public Estimate estimate(Learner<D, M> learner, D data, Request request) {
        List<Request> steps = Chain.steps(request);
        Estimate learning = learner.estimate(data);
        Estimate all = first().estimate(learner, data, steps.getFirst());
        for (int n = 1; n < methods.size(); n++) {
            Estimate both = at(n).estimate(learner, data, steps.get(n));
            all = all.then(new Estimate(Math.max(0, both.seconds() - learning.seconds()), both.bytes()));
        }
        return all;
    }
}
