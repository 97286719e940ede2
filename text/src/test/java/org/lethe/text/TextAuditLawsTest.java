package org.lethe.text;

import java.util.List;
import org.lethe.Audit;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;
import org.lethe.text.data.PlantedFacts;
import org.lethe.text.forget.Difficulties;
import org.lethe.text.forget.MetricQuality;
import org.lethe.text.forget.ModelUtility;

/** The audits of forgetting, on a model that knows its facts by heart. */
class TextAuditLawsTest extends AuditLaws<Corpus, LanguageModel> {
    @Override
    protected Subject<Corpus, LanguageModel> subject() {
        return new Text();
    }

    @Override
    protected Corpus data() {
        return new PlantedFacts(16, 4, 6, PlantedFacts.Tokens.WORDS, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Corpus, LanguageModel>> models() {
        return only(subject().models(), "gpt {dims: 48, layers: 1, heads: 4, context: 40, epochs: 60}");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "forget-samples {count: 6}");
    }

    @Override
    protected List<Audit<Corpus, LanguageModel>> audits() {
        return only(
                subject().audits(),
                "knowledge {newTokens: 16}",
                "model-utility {newTokens: 16}",
                "membership",
                "robustness {steps: 8}",
                "difficulty {samples: 8, steps: 10}",
                "metric-quality {newTokens: 16, steps: 4}",
                "efficiency");
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }

    /**
     * Utility limits what forgetting may cost, and doing nothing costs nothing. Difficulty and metric quality judge scores and
     * measures, not methods.
     */
    @Override
    protected boolean mustReject(Audit<Corpus, LanguageModel> audit, Request request) {
        return super.mustReject(audit, request)
                && !(audit instanceof Difficulties || audit instanceof MetricQuality || audit instanceof ModelUtility);
    }
}
