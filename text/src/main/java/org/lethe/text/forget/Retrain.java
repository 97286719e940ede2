package org.lethe.text.forget;

import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;

/**
 * Forgets by training again on the remaining samples, from the same seeded initial state.
 *
 * <p>Exact, and the reference for all other methods. Costs a whole training for every request; nothing if nothing is to be forgotten.
 */
@Named("retrain")
@Taxonomy({Branch.RETRAINING, Branch.LANGUAGE})
public record Retrain() implements Forgetting {
    @Override
    public LanguageModel fulfil(
            LanguageModel model, Request request, Learner<Corpus, LanguageModel> learner, Corpus data, Env env) {
        ForgetSamples.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        return forgotten.nothing() ? model : learner.train(forgotten.remaining(), env);
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }
}
