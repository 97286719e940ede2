package org.lethe;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Results about the model before that several audits and cases share. They live as long as that model, so each is
 * computed once.
 *
 * <p>A step is a function of the model before, the data, the seed and its key. The first caller runs it; all others get
 * the same result and the same cost. A step that fails does so for every caller.
 */
public final class Baseline {
    private final Map<Object, Found> known = new HashMap<>();

    /** One result, once it is there. The thread that computes it holds its monitor. */
    private static final class Found {
        private @Nullable Object result;
        private Cost cost = Cost.NONE;
    }

    /**
     * The result of a step. A caller waits while another one runs the step, so ask for it late.
     *
     * @param key everything else that the result depends on: settings, parts of the request
     * @param step gets surroundings with a ledger of their own; its cost is added to the ledger of {@code env}
     */
    @SuppressWarnings("unchecked") // a key has one step, which made the result
    public <T> T of(Object key, Env env, Function<Env, T> step) {
        Found found;
        synchronized (known) {
            found = known.computeIfAbsent(key, k -> new Found());
        }
        synchronized (found) {
            Object result = found.result;
            if (result == null) {
                Ledger own = new Ledger();
                result = step.apply(env.with(own));
                found.cost = own.cost();
                found.result = result;
            }
            env.ledger().add(found.cost);
            return (T) result;
        }
    }
}
